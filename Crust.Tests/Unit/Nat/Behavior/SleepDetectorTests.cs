using Crust.Nat.Behavior;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.Behavior;

public sealed class SleepDetectorTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void AMachineThatSlept_IsNoticed_Once()
    {
        var detector = new SleepDetector();
        detector.HandleTime(new Instant(0), Noon).Should().BeFalse();
        detector.HandleTime(new Instant(15_000_000), Noon.AddSeconds(15)).Should().BeFalse();
        detector.HandleTime(new Instant(30_000_000), Noon.AddHours(1)).Should().BeTrue();
        detector.HandleTime(new Instant(45_000_000), Noon.AddHours(1).AddSeconds(15)).Should().BeFalse();
    }

    [Fact]
    public void AClockThatIsCorrected_IsNoSleep()
    {
        var detector = new SleepDetector();
        detector.HandleTime(new Instant(0), Noon);
        detector.HandleTime(new Instant(15_000_000), Noon.AddSeconds(17)).Should().BeFalse();
        detector.HandleTime(new Instant(30_000_000), Noon.AddSeconds(31)).Should().BeFalse();
        // Long pauses of the process alone: both clocks went on.
        detector.HandleTime(new Instant(930_000_000), Noon.AddSeconds(931)).Should().BeFalse();
    }
}
