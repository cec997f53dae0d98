using System.Buffers.Binary;
using Crust.Cryptography;
using Crust.Primitives;

namespace Crust.Utp;

/// <summary>
/// Sequence numbers that prove an address: the STATE that answers a SYN carries one, nothing is kept, and who acknowledges it has seen that STATE.
/// A keyed BLAKE3 of remote, connection id, the SYN's sequence number and an epoch. It has 16 bits, as BEP 29 has room for no more: a guess is right once in
/// 32,768 times, and costs the connections that it may open.
/// </summary>
internal sealed class SynCookies
{
    internal const int KeyLength = 32;

    /// <summary>Ours: 2^24 µs, 16.8 s. The last epoch counts as well, so an answer has at least as long.</summary>
    private const int EpochShift = 24;

    private const int InputLength = KeyLength + 16 + 4 + 2 + 2 + 2 + sizeof(long);

    private readonly byte[] _key;

    internal SynCookies(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyLength);
        _key = key.ToArray();
        ClockOffset = ((uint)Compute(default, 0, 0, -1) << 16) | Compute(default, 0, 0, -2);
    }

    /// <summary>An offset for the clock that the wire shows, so that it does not tell how long we run. No epoch is negative, so it tells nothing of cookies either.</summary>
    internal uint ClockOffset { get; }

    /// <summary>The cookie to give now.</summary>
    internal ushort Create(TransportAddress remote, ushort connectionId, ushort sequenceNumber, Instant now) =>
        Compute(remote, connectionId, sequenceNumber, now.Microseconds >> EpochShift);

    /// <summary>Whether this cookie was given in this epoch or the last.</summary>
    internal bool IsValid(ushort cookie, TransportAddress remote, ushort connectionId, ushort sequenceNumber, Instant now)
    {
        var epoch = now.Microseconds >> EpochShift;
        return cookie == Compute(remote, connectionId, sequenceNumber, epoch) || cookie == Compute(remote, connectionId, sequenceNumber, epoch - 1);
    }

    private ushort Compute(TransportAddress remote, ushort connectionId, ushort sequenceNumber, long epoch)
    {
        Span<byte> input = stackalloc byte[InputLength];
        _key.CopyTo(input);
        var fields = input[KeyLength..];
        remote.Address.Write(fields);
        BinaryPrimitives.WriteUInt32BigEndian(fields[16..], remote.ScopeId);
        BinaryPrimitives.WriteUInt16BigEndian(fields[20..], remote.Port);
        BinaryPrimitives.WriteUInt16BigEndian(fields[22..], connectionId);
        BinaryPrimitives.WriteUInt16BigEndian(fields[24..], sequenceNumber);
        BinaryPrimitives.WriteInt64BigEndian(fields[26..], epoch);
        Span<byte> hash = stackalloc byte[32];
        Blake3.Hash(input, hash);
        return BinaryPrimitives.ReadUInt16BigEndian(hash);
    }
}
