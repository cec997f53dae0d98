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
        var slots = new SlotPool<PeerSlot>();
        var peers = new SortedPeers(slots);
        var numbers = new List<int>();
        for (var i = 0; i < size; i++)
        {
            numbers.Add(slots.Add(new PeerSlot { Hash = PeerHash.Read(Hash(random)) }));
            peers.Add(numbers[i]);
        }

        foreach (var gone in numbers.Where((_, i) => i % 5 == 4).ToArray())
        {
            numbers.Remove(gone);
            peers.Remove(gone);
        }

        var together = numbers.Where((_, i) => i % 7 == 3).ToHashSet();
        numbers.RemoveAll(together.Contains);
        peers.Remove(together);
        peers.Count.Should().Be(numbers.Count);
        for (var round = 0; round < 20; round++)
        {
            var target = PeerHash.Read(Hash(random));
            var expected = numbers.OrderBy(number => Distance(slots[number].Hash, target)).Take(9);
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

    private static BigInteger Distance(PeerHash left, PeerHash right) =>
        new[] { left.First ^ right.First, left.Second ^ right.Second, left.Third ^ right.Third, left.Fourth ^ right.Fourth }
            .Aggregate(BigInteger.Zero, (sum, word) => (sum << 64) + word);
}
