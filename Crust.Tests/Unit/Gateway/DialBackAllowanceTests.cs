using System.Net;
using Crust.Gateway.Server;
using Crust.Identity;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Gateway;

public sealed class DialBackAllowanceTests
{
    private static readonly PeerId[] Peers = [.. Enumerable.Range(1, 100).Select(i => PeerIdentity.FromSeed(Enumerable.Repeat((byte)i, 32).ToArray()).Id)];

    private readonly DialBackAllowance _allowance = new();

    [Fact]
    public void APeer_HasAFew_AndThenOneInTenSeconds()
    {
        Enumerable.Range(0, 100).Count(i => Try(Peers[0], $"198.51.{i}.1", default)).Should().Be(8);

        Try(Peers[0], "203.0.113.1", new Instant(10_100_000)).Should().BeTrue();
        Try(Peers[0], "203.0.113.1", new Instant(10_200_000)).Should().BeFalse();
    }

    [Fact]
    public void ANetwork_IsDialledSoOften_WhoeverAsks()
    {
        Peers.Count(p => Try(p, "203.0.113.1", default)).Should().Be(32);
        Try(Peers[99], "203.0.113.250", default).Should().BeFalse("it is the same network");
        Try(Peers[99], "203.0.114.1", default).Should().BeTrue("it is another");
    }

    [Fact]
    public void SoManyAreUnderWay_AndNoMore()
    {
        var begun = Enumerable.Range(0, 100).Count(i => _allowance.TryBegin(null, IPAddress.Parse($"11.0.{i}.1"), default));

        begun.Should().Be(DialBackAllowance.MaxUnderWay);
        _allowance.End();
        _allowance.TryBegin(null, IPAddress.Parse("11.1.1.1"), default).Should().BeTrue();
    }

    private bool Try(PeerId peer, string address, Instant now)
    {
        var isBegun = _allowance.TryBegin(peer, IPAddress.Parse(address), now);
        if (isBegun)
            _allowance.End();
        return isBegun;
    }
}
