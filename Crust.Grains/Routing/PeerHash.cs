using System.Buffers.Binary;
using System.Numerics;
using Crust.Identity;

namespace Crust.Grains.Routing;

/// <summary>A position in the hash space, held in place: 32 bytes as four big-endian words.</summary>
internal readonly record struct PeerHash(ulong First, ulong Second, ulong Third, ulong Fourth) : IComparable<PeerHash>
{
    /// <summary>Bits of a position.</summary>
    internal const int Bits = 256;

    /// <summary>Takes 32 bytes.</summary>
    internal static PeerHash Read(ReadOnlySpan<byte> hash) => new(
        BinaryPrimitives.ReadUInt64BigEndian(hash), BinaryPrimitives.ReadUInt64BigEndian(hash[8..]),
        BinaryPrimitives.ReadUInt64BigEndian(hash[16..]), BinaryPrimitives.ReadUInt64BigEndian(hash[24..]));

    /// <summary>Where a peer lies.</summary>
    internal static PeerHash Of(PeerId peer) => Read(PeerZone.Hash(peer));

    /// <summary>The zone that it lies in.</summary>
    internal int Zone => (int)(First >> (64 - BitOperations.Log2(PeerZone.Count)));

    /// <summary>Where a table looks first. Not the leading bits: all peers of a zone have the same.</summary>
    internal int Bucket(int mask) => (int)(Fourth & (uint)mask);

    /// <summary>A bit, 0 being the first.</summary>
    internal bool Bit(int bit) => ((bit >> 6) switch { 0 => First, 1 => Second, 2 => Third, _ => Fourth } >> (63 - (bit & 63)) & 1) != 0;

    /// <inheritdoc/>
    public int CompareTo(PeerHash other)
    {
        var order = First.CompareTo(other.First);
        if (order == 0)
            order = Second.CompareTo(other.Second);
        if (order == 0)
            order = Third.CompareTo(other.Third);
        return order == 0 ? Fourth.CompareTo(other.Fourth) : order;
    }
}
