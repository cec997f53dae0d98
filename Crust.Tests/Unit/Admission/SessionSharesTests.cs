using System.Net;
using Crust.Session.Admission;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Admission;

public sealed class SessionSharesTests
{
    private static readonly IPAddress Greedy = IPAddress.Parse("203.0.113.5"), Neighbour = IPAddress.Parse("203.0.113.99"), Other = IPAddress.Parse("203.0.114.5");

    [Fact]
    public void OnePrefix_GetsItsShare_AndOthersStillGetTheirs()
    {
        var shares = new SessionShares(new AdmissionLimits { SessionShare = 0.25 }, maxSessions: 40);

        Enumerable.Range(0, 100).Count(i => shares.TryTake(i % 2 == 0 ? Greedy : Neighbour, false, out _)).Should().Be(10);
        Enumerable.Range(0, 100).Count(i => shares.TryTake(Other, false, out _)).Should().Be(10);
        shares.Refused.Should().Be(180);
    }

    [Fact]
    public void PlaceThatIsReturned_IsFree_AndAnIdlePrefixIsForgotten()
    {
        var shares = new SessionShares(new AdmissionLimits(), maxSessions: 4);
        shares.Most.Should().Be(1);
        shares.TryTake(Greedy, false, out var prefix).Should().BeTrue();
        shares.TryTake(Neighbour, false, out _).Should().BeFalse();

        shares.Return(prefix);

        shares.Prefixes.Should().Be(0);
        shares.TryTake(Neighbour, false, out _).Should().BeTrue();
    }

    [Fact]
    public void PeerWithASession_MayReplaceIt_WhenTheShareIsUsedUp()
    {
        var shares = new SessionShares(new AdmissionLimits(), maxSessions: 4);
        shares.TryTake(Greedy, false, out _).Should().BeTrue();

        shares.TryTake(Greedy, hasSession: true, out var prefix).Should().BeTrue();
        shares.Return(prefix);

        shares.TryTake(Greedy, false, out _).Should().BeFalse();
    }

    [Fact]
    public void Loopback_MayHaveThemAll_UnlessTold()
    {
        var shares = new SessionShares(new AdmissionLimits(), maxSessions: 8);
        Enumerable.Range(0, 8).All(i => shares.TryTake(IPAddress.IPv6Loopback, false, out _)).Should().BeTrue();

        var strict = new SessionShares(new AdmissionLimits { ExemptsLoopback = false }, maxSessions: 8);
        Enumerable.Range(0, 8).Count(i => strict.TryTake(IPAddress.Loopback, false, out _)).Should().Be(2);
    }

    [Theory]
    [InlineData(0.001, 10, 1)]
    [InlineData(1, 10, 10)]
    [InlineData(0.25, 100_000, 25_000)]
    public void Share_IsAtLeastOne_AndAtMostAll(double share, int sessions, int most) =>
        new SessionShares(new AdmissionLimits { SessionShare = share }, sessions).Most.Should().Be(most);
}
