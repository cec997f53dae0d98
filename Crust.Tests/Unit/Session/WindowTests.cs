using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary><see cref="SendCredit"/>, <see cref="ReceiveCredit"/> and <see cref="SendBudget"/>.</summary>
public class FlowCreditTests
{
    [Fact]
    public void Sender_SpendsWhatItWasGranted_AndNoMore()
    {
        var credit = new SendCredit();
        credit.Spend(WireLimits.FlowWindow - 1);
        credit.CanSpend(1).Should().BeTrue();
        credit.CanSpend(2).Should().BeFalse();
        credit.Invoking(c => c.Spend(2)).Should().Throw<InvalidOperationException>();
        credit.TryRaise(WireLimits.FlowWindow + 1).Should().BeTrue();
        credit.CanSpend(2).Should().BeTrue();
        credit.TryRaise(WireLimits.FlowWindow).Should().BeFalse();
        credit.TryRaise((1L << 62) - 1).Should().BeTrue("absurd credit is the remote's own risk");
    }

    [Fact]
    public void Receiver_AdmitsOnlyWhatWasAnnounced()
    {
        var credit = new ReceiveCredit();
        credit.TryCharge(WireLimits.FlowWindow).Should().BeTrue();
        credit.TryCharge(1).Should().BeFalse();
        credit.Deliver(WireLimits.FlowWindow);
        credit.Consume(1000);
        credit.TryCharge(1).Should().BeFalse("nobody was told yet");
        credit.Granted.Should().Be(WireLimits.FlowWindow + 1000);
        credit.Announced();
        credit.TryCharge(1000).Should().BeTrue();
        credit.TryCharge(1).Should().BeFalse();
        credit.Refund(1000);
        credit.TryCharge(1000).Should().BeTrue();
    }

    [Fact]
    public void Budget_AdmitsOneMessageAlways_AndAnnouncesRoomOnce()
    {
        var budget = new SendBudget(100);
        budget.TryReserve(500).Should().BeTrue();
        budget.TryAnnounceRoom().Should().BeFalse("nobody was refused");
        budget.TryReserve(90).Should().BeFalse();
        budget.TryReserve(60).Should().BeFalse();
        budget.Release(450);
        budget.TryAnnounceRoom().Should().BeFalse("60 do not fit beside 50");
        budget.Release(10);
        budget.TryAnnounceRoom().Should().BeTrue();
        budget.TryAnnounceRoom().Should().BeFalse();
        budget.TryReserve(60).Should().BeTrue();
        budget.Used.Should().Be(100);
    }
}
