using Crust.Nat.HolePunching;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.HolePunching;

public sealed class DirectPatienceTests
{
    private static readonly Instant Start = new(1_000_000);

    private readonly DirectPatience _patience = new(Start, TimeSpan.FromMinutes(1));

    [Fact]
    public void Ends_WithItsTime_WhichHasABound()
    {
        _patience.IsOver(Start + (DirectPatience.Longest - TimeSpan.FromMilliseconds(1))).Should().BeFalse();
        _patience.IsOver(Start + DirectPatience.Longest).Should().BeTrue();
        new DirectPatience(Start, TimeSpan.FromSeconds(6)).IsOver(Start + TimeSpan.FromSeconds(6)).Should().BeTrue("less may be wanted");
    }

    [Fact]
    public void Ends_WhenATurnOfEachSideFoundTheNatsHopeless()
    {
        _patience.HandleFailure(PunchFailure.HardPair);
        _patience.IsOver(Start).Should().BeFalse("the other side may know more");

        _patience.HandleFailure(PunchFailure.HardPair);

        _patience.IsOver(Start).Should().BeTrue();
        _patience.Explain().Should().Contain("cannot be guessed");
    }

    [Theory]
    [InlineData((int)PunchFailure.TimedOut)]
    [InlineData((int)PunchFailure.Busy)]
    [InlineData((int)PunchFailure.SprayExhausted)]
    public void GoesOn_AfterWhatMayGoBetterNextTime(int failure)
    {
        for (var i = 0; i < 10; i++)
        {
            _patience.HandleFailure(PunchFailure.HardPair);
            _patience.HandleFailure((PunchFailure)failure);
        }

        _patience.IsOver(Start).Should().BeFalse();
        _patience.Explain().Should().Contain($"{(PunchFailure)failure}");
    }
}
