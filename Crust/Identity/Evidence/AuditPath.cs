using Crust.Cryptography;

namespace Crust.Identity.Evidence;

/// <summary>
/// Inclusion proofs of RFC 9162 §2.1.3 in a <see cref="MerkleTree"/>: the hashes that stand beside the way from a leaf up to the root, lowest first, 32
/// bytes each. Going up level by level, a node without a neighbour rises as it is and adds none.
/// </summary>
internal static class AuditPath
{
    /// <summary>Most hashes in a path: <see cref="EvidenceLimits.MaxBatchCount"/> is 2^10.</summary>
    internal const int MaxCount = 10;

    /// <summary>How many hashes the path of a leaf has.</summary>
    internal static int Count(int index, int leafCount)
    {
        var hashes = 0;
        for (; leafCount > 1; index >>= 1, leafCount = (leafCount + 1) / 2)
            hashes += (index ^ 1) < leafCount ? 1 : 0;
        return hashes;
    }

    /// <summary>Makes the path of a leaf; the leaves stand back to back.</summary>
    internal static byte[] Of(int index, ReadOnlySpan<byte> leaves)
    {
        var count = leaves.Length / MerkleTree.HashLength;
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, count);
        var path = new byte[Count(index, count) * MerkleTree.HashLength];
        var level = leaves.ToArray();
        for (var rest = path.AsSpan(); !rest.IsEmpty; index >>= 1, count = (count + 1) / 2)
        {
            if ((index ^ 1) < count)
            {
                level.AsSpan((index ^ 1) * MerkleTree.HashLength, MerkleTree.HashLength).CopyTo(rest);
                rest = rest[MerkleTree.HashLength..];
            }

            MerkleTree.Merge(level.AsSpan(0, count * MerkleTree.HashLength), level);
        }

        return path;
    }

    /// <summary>Writes the root that a leaf and its path lead to; false when the path has not the length that belongs there.</summary>
    internal static bool TryRoot(ReadOnlySpan<byte> leaf, int index, int leafCount, ReadOnlySpan<byte> path, Span<byte> root)
    {
        if (index < 0 || index >= leafCount || path.Length != Count(index, leafCount) * MerkleTree.HashLength)
            return false;
        Span<byte> node = stackalloc byte[MerkleTree.NodeLength];
        node[0] = MerkleTree.NodePrefix;
        leaf.CopyTo(root);
        for (; leafCount > 1; index >>= 1, leafCount = (leafCount + 1) / 2)
        {
            if ((index ^ 1) >= leafCount)
                continue;
            var isRight = (index & 1) == 1;
            root[..MerkleTree.HashLength].CopyTo(node[(isRight ? 1 + MerkleTree.HashLength : 1)..]);
            path[..MerkleTree.HashLength].CopyTo(node[(isRight ? 1 : 1 + MerkleTree.HashLength)..]);
            path = path[MerkleTree.HashLength..];
            Blake3.Hash(node, root);
        }

        return true;
    }
}
