using System.Numerics;
using Crust.Cryptography;

namespace Crust.Session;

/// <summary>
/// The tree of RFC 9162 §2.1.1 with BLAKE3: a node is <c>H(0x01 ‖ left ‖ right)</c>, and n leaves split at the largest power of two below n. Leaves
/// come in as hashes: <see cref="LeafHasher"/> gives them their prefix 0x00.
/// </summary>
internal static class MerkleTree
{
    internal const int HashLength = Blake3.HashLength;
    internal const byte NodePrefix = 0x01;

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

        var split = (1 << BitOperations.Log2((uint)count - 1)) * HashLength;
        Span<byte> node = stackalloc byte[1 + HashLength * 2];
        node[0] = NodePrefix;
        Root(leaves[..split], node.Slice(1, HashLength));
        Root(leaves[split..], node[(1 + HashLength)..]);
        Blake3.Hash(node, root);
    }
}
