using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit;

public sealed class SessionArrivalsTests
{
    [Fact]
    public void Forget_LeavesNothingBehind()
    {
        using var peer = PeerIdentity.Create();
        var arrivals = new SessionArrivals();

        var arrival = arrivals.Expect(peer.Id);
        arrivals.Forget(peer.Id, arrival);

        arrivals.Count.Should().Be(0);
    }

    [Fact]
    public void Forget_LeavesTheOtherWaiterItsTask()
    {
        // Whoever gave up first took the arrival away from everyone who waited for the same peer.
        using var peer = PeerIdentity.Create();
        var arrivals = new SessionArrivals();
        var first = arrivals.Expect(peer.Id);
        var second = arrivals.Expect(peer.Id);

        arrivals.Forget(peer.Id, first);
        arrivals.Forget(peer.Id, first);

        arrivals.Count.Should().Be(1);
        arrivals.Forget(peer.Id, second);
        arrivals.Count.Should().Be(0);
    }
}
