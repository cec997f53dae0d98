using System.Net;
using System.Net.Sockets;
using Crust.Cryptography;
using Crust.Wire;

namespace Crust.Identity;

/// <summary>
/// What a peer says of itself, signed: where it can be reached, until when that holds. Newer sequence numbers replace older ones.
/// Body: <c>version u8 = 1 ‖ peer (32) ‖ sequence u64 ‖ expiry u64 (Unix ms) ‖ capabilities u32 ‖ count u8 ‖ addresses ‖ extensions</c>;
/// an address is <c>transport u8 ‖ family u8 (4 or 6) ‖ IP (4 or 16) ‖ port u16</c>; an extension is <c>type u8 ‖ length u8 ‖ value</c>, and one that is unknown or
/// broken is ignored but signed: <see cref="RecordExtension"/>. The signature (64) of the <see cref="Statement"/> follows. At most <see cref="MaxSignedLength"/> bytes.
/// </summary>
/// <param name="Peer">Whose record it is.</param>
/// <param name="Sequence">max(previous + 1, Unix milliseconds); more than a day ahead is refused.</param>
/// <param name="Expiry">When it stops to count: at most 24 hours after it is made.</param>
/// <param name="Capabilities">Bits that say what the peer offers; unknown ones are ignored.</param>
/// <param name="Addresses">At most <see cref="MaxAddresses"/>.</param>
public sealed record PeerRecord(PeerId Peer, ulong Sequence, DateTimeOffset Expiry, uint Capabilities, IReadOnlyList<PeerAddress> Addresses)
{
    /// <summary>Largest signed record, in bytes.</summary>
    public const int MaxSignedLength = 1024;

    /// <summary>Most addresses in a record.</summary>
    public const int MaxAddresses = 16;

    /// <summary>Longest life of a record.</summary>
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromHours(24);

    /// <summary>How far ahead of the verifier's clock a sequence number or the start of a lifetime may be.</summary>
    public static readonly TimeSpan MaxSequenceLead = TimeSpan.FromDays(1);

    private const byte Version = 1;
    private const int FixedLength = 1 + PeerId.ByteLength + sizeof(ulong) * 2 + sizeof(uint) + 1;

    /// <summary>The sequence number that follows <paramref name="previous"/>.</summary>
    public static ulong NextSequence(ulong previous, DateTimeOffset now) => Math.Max(previous + 1, (ulong)now.ToUnixTimeMilliseconds());

    /// <summary>Signs the record with its own identity.</summary>
    /// <exception cref="ArgumentException">The identity is another's, or there are too many addresses, or one names another peer.</exception>
    public byte[] Sign(PeerIdentity identity, NetworkId network)
    {
        ArgumentNullException.ThrowIfNull(identity);
        if (identity.Id != Peer || Addresses.Count > MaxAddresses || Addresses.Any(a => a.Peer != Peer))
            throw new ArgumentException("A record is signed by its own peer, and lists at most 16 addresses of that peer.", nameof(identity));
        Span<byte> buffer = stackalloc byte[MaxSignedLength];
        var writer = new SpanWriter(buffer);
        writer.WriteByte(Version);
        Peer.CopyTo(writer.Reserve(PeerId.ByteLength));
        writer.WriteUInt64(Sequence);
        writer.WriteUInt64((ulong)Expiry.ToUnixTimeMilliseconds());
        writer.WriteUInt32(Capabilities);
        writer.WriteByte((byte)Addresses.Count);
        foreach (var address in Addresses)
            WriteAddress(ref writer, address);
        WriteMapped(ref writer);
        writer.WriteBytes(Statement.Sign(identity, Statement.Record, network, writer.Written));
        return writer.Written.ToArray();
    }

    /// <summary>Parses a signed record and verifies its signature and shape. Time is <see cref="IsCurrent"/>'s question.</summary>
    /// <returns>False for any malformed, oversized or badly signed input.</returns>
    public static bool TryVerify(ReadOnlySpan<byte> signed, NetworkId network, out PeerRecord? record)
    {
        record = null;
        if (signed.Length is < FixedLength + Ed25519.SignatureLength or > MaxSignedLength)
            return false;
        var body = signed[..^Ed25519.SignatureLength];
        if (!TryParse(body, out var parsed) || !Statement.Verify(parsed!.Peer, Statement.Record, network, body, signed[^Ed25519.SignatureLength..]))
            return false;
        record = parsed;
        return true;
    }

    /// <summary>Whose record it says to be, before anything is verified; false for bytes that are none.</summary>
    internal static bool TryPeekPeer(ReadOnlySpan<byte> signed, out PeerId peer)
    {
        var isLongEnough = signed.Length is >= FixedLength + Ed25519.SignatureLength and <= MaxSignedLength && signed[0] == Version;
        peer = isLongEnough ? PeerId.FromTrustedBytes(signed.Slice(1, PeerId.ByteLength)) : default;
        return isLongEnough;
    }

    /// <summary>Sequence number and expiry (Unix milliseconds) of a record that was verified before; false for bytes that are none.</summary>
    internal static bool TryPeekTimes(ReadOnlySpan<byte> signed, out ulong sequence, out ulong expiry)
    {
        (sequence, expiry) = (0, 0);
        if (!TryPeekPeer(signed, out _))
            return false;
        var reader = new SpanReader(signed[(1 + PeerId.ByteLength)..]);
        return reader.TryReadUInt64(out sequence) && reader.TryReadUInt64(out expiry);
    }

    /// <summary>True while the record counts: not expired, not made to live longer than 24 hours from now, its sequence at most a day ahead.</summary>
    public bool IsCurrent(DateTimeOffset now) =>
        now < Expiry && Expiry <= now + MaxLifetime + Attachment.ClockTolerance
        && Sequence <= (ulong)(now + MaxSequenceLead).ToUnixTimeMilliseconds();

    private static bool TryParse(ReadOnlySpan<byte> body, out PeerRecord? record)
    {
        record = null;
        var reader = new SpanReader(body);
        if (!reader.TryReadByte(out var version) || version != Version
            || !reader.TryReadBytes(PeerId.ByteLength, out var key) || !PeerId.TryFromBytes(key, out var peer)
            || !reader.TryReadUInt64(out var sequence)
            || !reader.TryReadUInt64(out var expiry) || expiry > (ulong)DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            || !reader.TryReadUInt32(out var capabilities)
            || !reader.TryReadByte(out var count) || count > MaxAddresses)
            return false;
        var addresses = new PeerAddress[count];
        for (var i = 0; i < count; i++)
        {
            if (!TryReadAddress(ref reader, peer, out var address))
                return false;
            addresses[i] = address!;
        }

        ReadExtensions(reader.Rest, addresses);
        record = new PeerRecord(peer, sequence, DateTimeOffset.FromUnixTimeMilliseconds((long)expiry), capabilities, addresses);
        return true;
    }

    private void WriteMapped(ref SpanWriter writer)
    {
        var mapped = 0;
        for (var i = 0; i < Addresses.Count; i++)
            mapped |= Addresses[i].IsMapped ? 1 << i : 0;
        if (mapped == 0)
            return;
        writer.WriteByte((byte)RecordExtension.MappedAddresses);
        writer.WriteByte(sizeof(ushort));
        writer.WriteUInt16((ushort)mapped);
    }

    private static void ReadExtensions(ReadOnlySpan<byte> extensions, PeerAddress[] addresses)
    {
        var reader = new SpanReader(extensions);
        while (reader.TryReadByte(out var type) && reader.TryReadByte(out var length) && reader.TryReadBytes(length, out var value))
        {
            if (type != (byte)RecordExtension.MappedAddresses || value.Length != sizeof(ushort))
                continue;
            var mapped = value[0] << 8 | value[1];
            for (var i = 0; i < addresses.Length; i++)
                addresses[i] = addresses[i] with { IsMapped = (mapped & 1 << i) != 0 };
        }
    }

    private static void WriteAddress(ref SpanWriter writer, PeerAddress address)
    {
        var isIPv4 = address.EndPoint.AddressFamily == AddressFamily.InterNetwork;
        writer.WriteByte((byte)address.Transport);
        writer.WriteByte((byte)(isIPv4 ? 4 : 6));
        writer.WriteBytes(address.EndPoint.Address.GetAddressBytes());
        writer.WriteUInt16((ushort)address.EndPoint.Port);
    }

    private static bool TryReadAddress(ref SpanReader reader, PeerId peer, out PeerAddress? address)
    {
        address = null;
        if (!reader.TryReadByte(out var transport) || !Enum.IsDefined((TransportKind)transport)
            || !reader.TryReadByte(out var family) || family is not (4 or 6)
            || !reader.TryReadBytes(family == 4 ? 4 : 16, out var ip)
            || !reader.TryReadUInt16(out var port) || port == 0)
            return false;
        address = new PeerAddress((TransportKind)transport, new IPEndPoint(new IPAddress(ip), port), peer);
        return true;
    }
}
