using System.Buffers.Binary;
using System.Numerics;
using Crust.Identity;
using Crust.Primitives;

namespace Crust.Discovery.Routing;

/// <summary>
/// A place in the hash space that routing tables divide: 256 bits, compared by XOR distance (Maymounkov and Mazières, Kademlia, 2002, §2.1). A peer's is <see cref="PeerZone.Hash"/> of its id, the
/// same that the cluster's zones go by, so that nobody chooses where it lies but by drawing keys. Pure.
/// </summary>
internal readonly record struct Position
{
    /// <summary>Bits of a position.</summary>
    internal const int Bits = 256;

    /// <summary>Bytes of a position.</summary>
    internal const int ByteLength = Bits / 8;

    private readonly ulong _first, _second, _third, _fourth;

    private Position(ulong first, ulong second, ulong third, ulong fourth) => (_first, _second, _third, _fourth) = (first, second, third, fourth);

    /// <summary>Where a peer lies.</summary>
    internal static Position Of(PeerId peer)
    {
        _ = TryRead(PeerZone.Hash(peer), out var position);
        return position;
    }

    /// <summary>Takes 32 bytes; false when there are more or fewer.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, out Position position)
    {
        position = default;
        if (bytes.Length != ByteLength)
            return false;
        position = new Position(
            BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]), BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]));
        return true;
    }

    /// <summary>The 32 bytes.</summary>
    internal byte[] ToByteArray()
    {
        var bytes = new byte[ByteLength];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _first);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), _second);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(16), _third);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(24), _fourth);
        return bytes;
    }

    /// <summary>Leading bits that both have: 0 to 256.</summary>
    internal int CommonBits(in Position other) =>
        _first != other._first ? BitOperations.LeadingZeroCount(_first ^ other._first)
        : _second != other._second ? 64 + BitOperations.LeadingZeroCount(_second ^ other._second)
        : _third != other._third ? 128 + BitOperations.LeadingZeroCount(_third ^ other._third)
        : 192 + BitOperations.LeadingZeroCount(_fourth ^ other._fourth);

    /// <summary>Negative when <paramref name="left"/> is nearer to this place than <paramref name="right"/>.</summary>
    internal int CompareDistance(in Position left, in Position right)
    {
        var order = (left._first ^ _first).CompareTo(right._first ^ _first);
        if (order == 0)
            order = (left._second ^ _second).CompareTo(right._second ^ _second);
        if (order == 0)
            order = (left._third ^ _third).CompareTo(right._third ^ _third);
        return order == 0 ? (left._fourth ^ _fourth).CompareTo(right._fourth ^ _fourth) : order;
    }

    /// <summary>A place that has exactly so many leading bits in common with this one, the rest at random.</summary>
    internal Position RandomAt(int commonBits, DeterministicRandom random)
    {
        var own = ToByteArray();
        var bytes = new byte[ByteLength];
        random.Fill(bytes);
        for (var bit = 0; bit <= commonBits && bit < Bits; bit++)
        {
            var mask = (byte)(0x80 >> (bit & 7));
            var wanted = bit < commonBits ? own[bit >> 3] & mask : ~own[bit >> 3] & mask;
            bytes[bit >> 3] = (byte)((bytes[bit >> 3] & ~mask) | wanted);
        }

        _ = TryRead(bytes, out var position);
        return position;
    }
}
