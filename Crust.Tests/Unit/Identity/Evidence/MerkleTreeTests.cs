using Crust.Cryptography;
using Crust.Identity.Evidence;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Identity.Evidence;

/// <summary>The shapes drawn in RFC 9162 §2.1.5, written out by hand.</summary>
public class MerkleTreeTests
{
    private static readonly byte[] A = Leaf(1), B = Leaf(2), C = Leaf(3), D = Leaf(4), E = Leaf(5), F = Leaf(6), G = Leaf(7), H = Leaf(8);

    [Fact]
    public void Root_HasTheShapeOfRfc9162()
    {
        Root(A).Should().Equal(A);
        Root(A, B).Should().Equal(Node(A, B));
        Root(A, B, C).Should().Equal(Node(Node(A, B), C));
        Root(A, B, C, D).Should().Equal(Node(Node(A, B), Node(C, D)));
        Root(A, B, C, D, E).Should().Equal(Node(Node(Node(A, B), Node(C, D)), E));
        Root(A, B, C, D, E, F).Should().Equal(Node(Node(Node(A, B), Node(C, D)), Node(E, F)));
        Root(A, B, C, D, E, F, G).Should().Equal(Node(Node(Node(A, B), Node(C, D)), Node(Node(E, F), G)));
        Root(A, B, C, D, E, F, G, H).Should().Equal(Node(Node(Node(A, B), Node(C, D)), Node(Node(E, F), Node(G, H))));
    }

    [Fact]
    public void Root_OfNothing_IsTheCallersBug()
    {
        var root = new byte[32];
        FluentActions.Invoking(() => MerkleTree.Root([], root)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => MerkleTree.Root(new byte[33], root)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Root_OfManyLeaves_IsTheRecursiveOne()
    {
        var leaves = new byte[1024 * 32];
        new Random(3).NextBytes(leaves);
        foreach (var count in new[] { 9, 16, 17, 33, 63, 64, 65, 127, 500, 1000, 1023, 1024 })
        {
            var root = new byte[32];
            MerkleTree.Root(leaves.AsSpan(0, count * 32), root);
            root.Should().Equal(Recursive(leaves.AsSpan(0, count * 32)), "{0} leaves", count);
        }
    }

    /// <summary>The definition of RFC 9162 §2.1.1, word for word.</summary>
    private static byte[] Recursive(ReadOnlySpan<byte> leaves)
    {
        var count = leaves.Length / 32;
        if (count == 1)
            return leaves.ToArray();
        var split = 1;
        while (split * 2 < count)
            split *= 2;
        return Blake3.Hash([0x01, .. Recursive(leaves[..(split * 32)]), .. Recursive(leaves[(split * 32)..])]);
    }

    private static byte[] Leaf(byte fill) => [.. Enumerable.Repeat(fill, 32)];

    private static byte[] Node(byte[] left, byte[] right) => Blake3.Hash([0x01, .. left, .. right]);

    private static byte[] Root(params byte[][] leaves)
    {
        var root = new byte[32];
        MerkleTree.Root(leaves.SelectMany(leaf => leaf).ToArray(), root);
        return root;
    }
}
