using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Crust.Primitives;

namespace Crust.Tests.Simulation;

/// <summary>What messages and streams are made of: the bytes follow from an id, so that nobody has to keep them to compare.</summary>
internal static class Content
{
    private static readonly byte[] Pool = MakePool();

    /// <summary>The content of a message: its id as far as there is room, then bytes that few others have in this place.</summary>
    internal static void Fill(Span<byte> destination, long id)
    {
        CopyFrom(unchecked(id * 7919), destination);
        if (destination.Length >= sizeof(long))
            BinaryPrimitives.WriteInt64BigEndian(destination, id);
    }

    internal static bool IsMessage(ReadOnlySpan<byte> bytes, long id)
    {
        if (bytes.Length < sizeof(long))
            return IsPiece(bytes, unchecked(id * 7919));
        return BinaryPrimitives.ReadInt64BigEndian(bytes) == id && IsPiece(bytes[sizeof(long)..], unchecked(id * 7919) + sizeof(long));
    }

    /// <summary>The id that a message of some length begins with.</summary>
    internal static long? IdOf(ReadOnlySpan<byte> bytes) => bytes.Length < sizeof(long) ? null : BinaryPrimitives.ReadInt64BigEndian(bytes);

    /// <summary>Bytes from a place in the pool, which begins anew at its end.</summary>
    internal static void CopyFrom(long place, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            var start = (int)(place % Pool.Length);
            var length = Math.Min(destination.Length, Pool.Length - start);
            Pool.AsSpan(start, length).CopyTo(destination);
            destination = destination[length..];
            place += length;
        }
    }

    internal static bool IsPiece(ReadOnlySpan<byte> bytes, long place)
    {
        while (!bytes.IsEmpty)
        {
            var start = (int)(place % Pool.Length);
            var length = Math.Min(bytes.Length, Pool.Length - start);
            if (!bytes[..length].SequenceEqual(Pool.AsSpan(start, length)))
                return false;
            bytes = bytes[length..];
            place += length;
        }

        return true;
    }

    /// <summary>A length that is no multiple of anything else here.</summary>
    private static byte[] MakePool()
    {
        var pool = new byte[(3 << 20) + 11 * 8];
        var random = new DeterministicRandom(20);
        foreach (ref var word in MemoryMarshal.Cast<byte, ulong>(pool.AsSpan()))
            word = random.NextUInt64();
        return pool;
    }
}
