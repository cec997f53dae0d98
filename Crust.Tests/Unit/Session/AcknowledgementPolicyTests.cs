using Crust.Primitives;
using Crust.Session;
using Crust.Session.Receiving;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public class AcknowledgementPolicyTests
{
    private static readonly Instant Start = new(1_000_000);
    private readonly AcknowledgementPolicy _policy = new();

    [Fact]
    public void FirstEntry_SetsTheDeadline_AndLaterOnesDoNotMoveIt()
    {
        _policy.IsPending.Should().BeFalse();
        _policy.HandleEntry(Start);
        _policy.HandleEntry(Start + TimeSpan.FromMilliseconds(20));
        _policy.Deadline.Should().Be(Start + TimeSpan.FromMilliseconds(25));
        (_policy.IsDue, _policy.IsPending).Should().Be((false, true));
        _policy.HandleTimeout(Start + TimeSpan.FromMilliseconds(24));
        _policy.IsDue.Should().BeFalse();
        _policy.HandleTimeout(Start + TimeSpan.FromMilliseconds(25));
        _policy.IsDue.Should().BeTrue();
        _policy.Deadline.Should().BeNull("a passed deadline must not keep the driver spinning");
        _policy.HandleEntry(Start);
        _policy.Deadline.Should().BeNull("it is due already");
        _policy.HandleSent();
        (_policy.IsDue, _policy.IsPending).Should().Be((false, false));
    }

    [Fact]
    public void QuarterWindow_IsDueAtOnce_WhetherEntriesAreWholeOrNot()
    {
        _policy.HandleBytes(WireLimits.InitialWindow / 4 - 1, WireLimits.InitialWindow, Start);
        _policy.IsDue.Should().BeFalse();
        _policy.HandleBytes(1, WireLimits.InitialWindow, Start);
        _policy.IsDue.Should().BeTrue();
        _policy.HandleSent();
        _policy.HandleBytes(1, WireLimits.InitialWindow, Start);
        _policy.IsDue.Should().BeFalse("the count begins anew");
    }

    [Fact]
    public void BytesOfWhatIsNotWhole_AreASignOfLife_AfterAQuarterSecond()
    {
        _policy.HandleBytes(1, WireLimits.InitialWindow, Start);
        _policy.HandleBytes(1, WireLimits.InitialWindow, Start + TimeSpan.FromMilliseconds(100));
        (_policy.IsPending, _policy.Deadline).Should().Be((false, Start + TimeSpan.FromMilliseconds(250)));
        _policy.HandleEntry(Start + TimeSpan.FromMilliseconds(120));
        _policy.Deadline.Should().Be(Start + TimeSpan.FromMilliseconds(145), "what is whole is acknowledged sooner");
        _policy.HandleTimeout(Start + TimeSpan.FromMilliseconds(145));
        _policy.IsDue.Should().BeTrue();
    }
}
