using System.Numerics;
using Crust.Grains.Routing;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Grains;

public sealed class SortedPeersTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 40)]
    [InlineData(4, 700)]
    public void Closest_EqualsASortByDistance(int seed, int size)
    {
        var random = new Random(seed);
        var peers = new SortedPeers();
        var entries = new List<RoutingEntry>();
        for (var i = 0; i < size; i++)
        {
            var entry = new RoutingEntry(default, Hash(random));
            entries.Add(entry);
            peers.Add(entry);
        }

        foreach (var gone in entries.Where((_, i) => i % 5 == 4).ToArray())
        {
            entries.Remove(gone);
            peers.Remove(gone);
        }

        peers.Count.Should().Be(entries.Count);
        for (var round = 0; round < 20; round++)
        {
            var target = Hash(random);
            var expected = entries.OrderBy(entry => Distance(entry.Hash, target)).Take(9);
            peers.Closest(target, 9).Should().Equal(expected, $"seed={seed} round={round}");
        }
    }

    /// <summary>Few distinct leading bytes, so that long common prefixes occur.</summary>
    private static byte[] Hash(Random random)
    {
        var hash = new byte[32];
        random.NextBytes(hash);
        hash[0] = (byte)random.Next(3);
        hash[1] = (byte)random.Next(2);
        return hash;
    }

    private static BigInteger Distance(byte[] left, byte[] right) =>
        new(left.Zip(right, (a, b) => (byte)(a ^ b)).ToArray(), isUnsigned: true, isBigEndian: true);
}
