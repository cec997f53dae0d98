using System.Buffers;
using Crust.Cryptography;

namespace Crust.Identity.Evidence;

/// <summary>
/// The tree of RFC 9162 §2.1.1 with BLAKE3: a node is <c>H(0x01 ‖ left ‖ right)</c>, and n leaves split at the largest power of two below n: the same as pairing
/// neighbours level by level, an odd last one rising as it is. Leaves come in as hashes: <see cref="Leaf"/> gives them their prefix 0x00.
/// </summary>
internal static class MerkleTree
{
    internal const int HashLength = Blake3.HashLength;
    internal const byte NodePrefix = 0x01;
    internal const int NodeLength = 1 + HashLength * 2;

    /// <summary>Writes the root over at least one leaf hash; the leaves stand back to back.</summary>
    internal static void Root(ReadOnlySpan<byte> leaves, Span<byte> root)
    {
        var count = leaves.Length / HashLength;
        if (count == 0 || leaves.Length % HashLength != 0)
            throw new ArgumentException("A tree has one leaf of 32 bytes at least.", nameof(leaves));
        if (count == 1)
        {
            leaves.CopyTo(root);
            return;
        }

        var rented = ArrayPool<byte>.Shared.Rent(count / 2 * NodeLength + (count + 1) / 2 * HashLength);
        var nodes = rented.AsSpan(0, count / 2 * NodeLength);
        var level = rented.AsSpan(nodes.Length, (count + 1) / 2 * HashLength);
        Merge(leaves, nodes, level);
        for (count = (count + 1) / 2; count > 1; count = (count + 1) / 2)
            Merge(level[..(count * HashLength)], nodes, level);
        level[..HashLength].CopyTo(root);
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>Writes the next level; in place is allowed.</summary>
    internal static void Merge(ReadOnlySpan<byte> level, Span<byte> next)
    {
        var length = level.Length / (HashLength * 2) * NodeLength;
        var rented = ArrayPool<byte>.Shared.Rent(length);
        Merge(level, rented.AsSpan(0, length), next);
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>Writes the next level, its nodes hashed side by side; in place is allowed.</summary>
    private static void Merge(ReadOnlySpan<byte> level, Span<byte> nodes, Span<byte> next)
    {
        var pairs = level.Length / (HashLength * 2);
        nodes = nodes[..(pairs * NodeLength)];
        for (var i = 0; i < pairs; i++)
        {
            nodes[i * NodeLength] = NodePrefix;
            level.Slice(i * HashLength * 2, HashLength * 2).CopyTo(nodes[(i * NodeLength + 1)..]);
        }

        Blake3Many.Hash(nodes, NodeLength, next[..(pairs * HashLength)]);
        level[(pairs * HashLength * 2)..].CopyTo(next[(pairs * HashLength)..]);
    }
}
