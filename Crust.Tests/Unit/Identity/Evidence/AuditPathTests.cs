using Crust.Identity.Evidence;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Identity.Evidence;

/// <summary>Paths beside the recursive definition of RFC 9162 §2.1.3.1.</summary>
public class AuditPathTests
{
    private static readonly byte[] Leaves = Random(1024);

    [Fact]
    public void Path_IsThatOfRfc9162_AndLeadsToTheRoot_ForEveryPlaceOfEveryShape()
    {
        for (var count = 1; count <= 70; count++)
        {
            for (var index = 0; index < count; index++)
                Check(index, count);
        }
    }

    [Theory]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(513)]
    public void Path_OfALargeTree_IsAtMostTenHashes(int count)
    {
        foreach (var index in new[] { 0, 1, 511, 512, count - 1 })
            Check(index, count).Should().BeLessThanOrEqualTo(AuditPath.MaxCount);
    }

    [Fact]
    public void Root_IsAnother_OrNone_ForAnotherPlaceOrPath()
    {
        for (var count = 1; count <= 20; count++)
        {
            var leaves = Leaves[..(count * 32)];
            var right = StraightLine.Root(leaves);
            for (var index = 0; index < count; index++)
            {
                var path = AuditPath.Of(index, leaves);
                var leaf = leaves.AsSpan(index * 32, 32);
                for (var other = -1; other <= count + 1; other++)
                {
                    if (other != index)
                        Leads(leaf, other, count, path, right).Should().BeFalse("{0} is not {1} of {2}", other, index, count);
                }

                Leads(leaf, index, count, [.. path, .. new byte[32]], right).Should().BeFalse();
                if (path.Length > 0)
                {
                    Leads(leaf, index, count, path[..^1], right).Should().BeFalse();
                    Leads(leaf, index, count, path[32..], right).Should().BeFalse();
                    path[^1] ^= 1;
                    Leads(leaf, index, count, path, right).Should().BeFalse();
                }
            }
        }
    }

    [Fact]
    public void Path_OfNoLeaf_IsTheCallersBug()
    {
        FluentActions.Invoking(() => AuditPath.Of(2, Leaves.AsSpan(0, 64))).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => AuditPath.Of(-1, Leaves.AsSpan(0, 64))).Should().Throw<ArgumentOutOfRangeException>();
    }

    private static int Check(int index, int count)
    {
        var leaves = Leaves.AsSpan(0, count * 32);
        var path = AuditPath.Of(index, leaves);
        path.Should().Equal(StraightLine.Path(index, leaves), "place {0} of {1}", index, count);
        AuditPath.Count(index, count).Should().Be(path.Length / 32);
        Leads(leaves.Slice(index * 32, 32), index, count, path, StraightLine.Root(leaves)).Should().BeTrue("place {0} of {1}", index, count);
        return path.Length / 32;
    }

    private static bool Leads(ReadOnlySpan<byte> leaf, int index, int count, byte[] path, byte[] root)
    {
        var found = new byte[32];
        return AuditPath.TryRoot(leaf, index, count, path, found) && found.SequenceEqual(root);
    }

    private static byte[] Random(int count)
    {
        var leaves = new byte[count * 32];
        new Random(5).NextBytes(leaves);
        return leaves;
    }
}
