using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Primitives;

public class DeterministicRandomTests
{
    [Fact]
    public void Sequence_IsThatOfTheReference()
    {
        // xoshiro256** seeded with SplitMix64 from 0, computed with the authors' definition in another language.
        var random = new DeterministicRandom(0);
        Enumerable.Range(0, 4).Select(_ => random.NextUInt64()).Should().Equal(0x99EC5F36CB75F2B4, 0xBF6E1F784956452A, 0x1A5F849D4933E6E0, 0x6AA594F1262D2D2C);
    }

    [Fact]
    public void Numbers_StayInTheirRange_AndReachAllOfIt()
    {
        var random = new DeterministicRandom(1);
        var drawn = Enumerable.Range(0, 1000).Select(_ => random.Next(3, 8)).ToList();
        drawn.Distinct().Order().Should().Equal(3, 4, 5, 6, 7);
        Enumerable.Range(0, 1000).Select(_ => random.NextDouble()).Should().OnlyContain(value => value >= 0 && value < 1);
        Enumerable.Range(0, 1000).Count(_ => random.Chance(0.25)).Should().BeInRange(180, 320);
        random.Invoking(r => r.Next(0)).Should().Throw<ArgumentOutOfRangeException>();
    }
}
