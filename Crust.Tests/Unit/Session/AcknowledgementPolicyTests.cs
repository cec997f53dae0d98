using Crust.Primitives;
using Crust.Session;
using Crust.Session.Receiving;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public class AcknowledgementPolicyTests
{
    private const long Window = WireLimits.InitialWindow;
    private static readonly Instant Start = new(1_000_000);
    private readonly AcknowledgementPolicy _policy = new();

    [Fact]
    public void FirstEntry_SetsTheDeadline_AndLaterOnesDoNotMoveIt()
    {
        _policy.IsPending.Should().BeFalse();
        _policy.HandleEntry(Window, Start);
        _policy.HandleEntry(Window, Start + TimeSpan.FromMilliseconds(20));
        _policy.Deadline.Should().Be(Start + TimeSpan.FromMilliseconds(25));
        (_policy.IsDue, _policy.IsPending).Should().Be((false, true));
        _policy.HandleTimeout(Start + TimeSpan.FromMilliseconds(24));
        _policy.IsDue.Should().BeFalse();
        _policy.HandleTimeout(Start + TimeSpan.FromMilliseconds(25));
        _policy.IsDue.Should().BeTrue();
        _policy.Deadline.Should().BeNull("a passed deadline must not keep the driver spinning");
        _policy.HandleEntry(Window, Start);
        _policy.Deadline.Should().BeNull("it is due already");
        _policy.HandleSent();
        (_policy.IsDue, _policy.IsPending).Should().Be((false, false));
    }

    [Fact]
    public void QuarterWindow_IsDueAtOnce_WhenThereIsAnEntryToAcknowledge()
    {
        _policy.HandleBytes(Window / 4 - 1, Start);
        _policy.HandleEntry(Window, Start);
        _policy.IsDue.Should().BeFalse();
        _policy.HandleBytes(1, Start);
        _policy.HandleEntry(Window, Start);
        (_policy.IsDue, _policy.Deadline).Should().Be((true, null));
        _policy.HandleSent();
        _policy.HandleBytes(1, Start);
        _policy.HandleEntry(Window, Start);
        _policy.IsDue.Should().BeFalse("the count begins anew");
    }

    [Fact]
    public void BytesOfWhatIsNotWhole_CauseNoAcknowledgement_HoweverManyTheyAre()
    {
        // Each quarter window of a batch without its statement used to cause a record that told the sender nothing it could use.
        _policy.HandleBytes(Window * 2, Start);
        (_policy.IsDue, _policy.IsPending, _policy.Deadline).Should().Be((false, false, Start + TimeSpan.FromMilliseconds(250)));
        _policy.HandleEntry(Window, Start);
        _policy.IsDue.Should().BeTrue();
    }

    [Fact]
    public void BytesOfWhatIsNotWhole_AreASignOfLife_AfterAQuarterSecond()
    {
        _policy.HandleBytes(1, Start);
        _policy.HandleBytes(1, Start + TimeSpan.FromMilliseconds(100));
        (_policy.IsPending, _policy.Deadline).Should().Be((false, Start + TimeSpan.FromMilliseconds(250)));
        _policy.HandleEntry(Window, Start + TimeSpan.FromMilliseconds(120));
        _policy.Deadline.Should().Be(Start + TimeSpan.FromMilliseconds(145), "what is whole is acknowledged sooner");
        _policy.HandleTimeout(Start + TimeSpan.FromMilliseconds(145));
        _policy.IsDue.Should().BeTrue();
    }
}
