using Crust.Discovery.Bootstrap;
using Crust.Identity;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Discovery;

public sealed class BootstrapSamplerTests
{
    private const int Populations = 4000;

    [Fact]
    public void ASample_IsTheSame_ForOneSeed_AndAnotherForAnother()
    {
        var sampler = new BootstrapSampler(Population(new DeterministicRandom(1), 500, 300, 8, out _));
        sampler.Sample(24, 7).Should().Equal(sampler.Sample(24, 7));
        sampler.Sample(24, 7).Should().NotEqual(sampler.Sample(24, 8));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(19)]
    [InlineData(24)]
    public void ASampleOfFew_IsAllOfThem(int population)
    {
        var sampler = new BootstrapSampler(Population(new DeterministicRandom(2), population, 3, 2, out _));
        sampler.Sample(24, 7).Should().BeEquivalentTo(Enumerable.Range(0, population));
    }

    [Fact]
    public void AnySample_IsFull_AndRepeatsNobody()
    {
        for (var seed = 0UL; seed < Populations; seed++)
        {
            var random = new DeterministicRandom(seed);
            var (size, count) = (random.Next(1, 600), random.Next(1, 60));
            var sample = new BootstrapSampler(Population(random, size, random.Next(1, 300), random.Next(1, 9), out _)).Sample(count, seed);
            sample.Should().OnlyHaveUniqueItems($"seed={seed}").And.HaveCount(Math.Min(size, Math.Max(count, BootstrapSampler.MinCount)), $"seed={seed}");
        }
    }

    [Fact]
    public void AnAttackerWithAFifthOfTheIdsFromTwoPrefixes_HasLessThan30PercentOfAnySample()
    {
        var worst = 0.0;
        for (var seed = 0UL; seed < Populations; seed++)
        {
            var random = new DeterministicRandom(seed);
            var size = random.Next(10, 1500);
            // Honest peers live in few prefixes or in many, behind one gateway or several; the attacker's are as good as it wants, or the honest ones as bad.
            var candidates = Population(random, size, random.Next(1, random.Chance(0.5) ? 12 : 1000), random.Next(1, 9), out var isHostile);
            var sample = new BootstrapSampler(candidates).Sample(random.Next(1, 60), random.NextUInt64());
            var share = (double)sample.Count(i => isHostile[i]) / sample.Length;
            share.Should().BeLessThan(0.3, $"seed={seed}");
            worst = Math.Max(worst, share);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"The attacker's largest share of a sample: {worst:P1}");
    }

    [Fact]
    public void AVoucher_HasAtMostAQuarter_WhereThereAreOthers()
    {
        var random = new DeterministicRandom(3);
        var candidates = Enumerable.Range(0, 400).Select(i => new SampleCandidate(new DiversityPrefix((uint)i + 1, false), Voucher(i < 200 ? 0 : 1 + i % 9), 0)).ToList();
        var sampler = new BootstrapSampler(candidates);
        for (var i = 0; i < 1000; i++)
            sampler.Sample(24, random.NextUInt64()).Count(c => candidates[c].Voucher == Voucher(0)).Should().BeLessThanOrEqualTo(6, "it vouches for half of all");
    }

    [Fact]
    public void EntriesOfALaterTier_ComeLast()
    {
        var candidates = Enumerable.Range(0, 200).Select(i => new SampleCandidate(new DiversityPrefix((uint)(i % 90) + 1, false), Voucher(i % 5), i % 2)).ToList();
        var sampler = new BootstrapSampler(candidates);
        for (var seed = 0UL; seed < 200; seed++)
            sampler.Sample(24, seed).Should().OnlyContain(i => candidates[i].Tier == 0);
        var few = new BootstrapSampler([.. candidates.Where((c, i) => c.Tier == 1 || i < 20)]);
        few.Sample(24, 1).Take(10).Should().OnlyContain(i => i % 2 == 0 && i < 20 || few.Count > 24);
        few.Sample(24, 1).Should().HaveCount(24, "who is missing comes from the later tier");
    }

    [Fact]
    public void EveryEntryOfTheFirstTier_IsSampledSometimes()
    {
        var candidates = Population(new DeterministicRandom(4), 500, 200, 8, out _);
        var sampler = new BootstrapSampler(candidates);
        Enumerable.Range(0, 2000).SelectMany(i => sampler.Sample(24, (ulong)i)).Distinct().Should().Contain(Enumerable.Range(0, 500).Where(i => candidates[i].Tier == 0));
    }

    private static List<SampleCandidate> Population(DeterministicRandom random, int size, int prefixes, int vouchers, out bool[] isHostile)
    {
        var hostile = size / 5;
        var first = random.Next(0, hostile + 1);
        var hostileVoucher = random.Next(vouchers);
        var hostileTier = random.Next(3);
        var list = new List<(SampleCandidate Candidate, bool IsHostile)>();
        for (var i = 0; i < size; i++)
        {
            list.Add(i < hostile
                ? (new SampleCandidate(new DiversityPrefix(i < first ? 1u : 2u, false), Voucher(hostileVoucher), hostileTier), true)
                : (new SampleCandidate(new DiversityPrefix(10u + (uint)random.Next(prefixes), random.Chance(0.2)), Voucher(random.Next(vouchers)), random.Next(3)), false));
        }

        for (var i = list.Count - 1; i > 0; i--)
        {
            var j = random.Next(i + 1);
            (list[i], list[j]) = (list[j], list[i]);
        }

        isHostile = [.. list.Select(l => l.IsHostile)];
        return [.. list.Select(l => l.Candidate)];
    }

    private static PeerId Voucher(int number) => PeerId.FromTrustedBytes(Enumerable.Repeat((byte)(number + 1), 32).ToArray());
}
