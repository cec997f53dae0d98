using Crust.Primitives;
using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public class AcknowledgementPolicyTests
{
    private static readonly Instant Start = new(1_000_000);
    private readonly AcknowledgementPolicy _policy = new();

    [Fact]
    public void FirstMessage_SetsTheDeadline_AndLaterOnesDoNotMoveIt()
    {
        _policy.IsPending.Should().BeFalse();
        _policy.HandleReceived(300, Start);
        _policy.HandleReceived(300, Start + TimeSpan.FromMilliseconds(20));
        _policy.Deadline.Should().Be(Start + TimeSpan.FromMilliseconds(25));
        (_policy.IsDue, _policy.IsPending).Should().Be((false, true));
        _policy.HandleTimeout(Start + TimeSpan.FromMilliseconds(24));
        _policy.IsDue.Should().BeFalse();
        _policy.HandleTimeout(Start + TimeSpan.FromMilliseconds(25));
        _policy.IsDue.Should().BeTrue();
        _policy.Deadline.Should().BeNull("a passed deadline must not keep the driver spinning");
        _policy.HandleSent();
        (_policy.IsDue, _policy.IsPending).Should().Be((false, false));
    }

    [Fact]
    public void QuarterWindow_IsDueAtOnce()
    {
        _policy.HandleReceived(AcknowledgementPolicy.Threshold - 1, Start);
        _policy.IsDue.Should().BeFalse();
        _policy.HandleReceived(1, Start);
        _policy.IsDue.Should().BeTrue();
    }

    [Fact]
    public void FreedCredit_WaitsForAQuarterWindow_WithoutADeadline()
    {
        _policy.HandleFreed(AcknowledgementPolicy.Threshold - 1);
        (_policy.IsDue, _policy.IsPending, _policy.Deadline).Should().Be((false, true, null));
        _policy.HandleFreed(1);
        _policy.IsDue.Should().BeTrue();
    }

    [Fact]
    public void UnannouncedCredit_NeverBlocksTheLongestMessage() =>
        (WireLimits.FlowWindow - AcknowledgementPolicy.Threshold).Should().BeGreaterThan(WireLimits.Cost(WireLimits.MaxMessageLength));
}
