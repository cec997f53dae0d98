using System.Net;
using System.Net.Sockets;
using Crust.Gateway.Server;
using Crust.Grains.Abstractions;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Gateway;

public sealed class DialBackChoiceTests
{
    private static readonly PeerId[] Ids = [.. Enumerable.Range(1, 4).Select(i => PeerIdentity.FromSeed(Enumerable.Repeat((byte)i, 32).ToArray()).Id)];

    private static readonly GatewayEntry[] Gateways =
    [
        Entry(0, "198.51.100.1"), Entry(1, "198.51.100.1", "198.51.100.2"), Entry(2, "198.51.100.3"), Entry(3, "2001:db8::4"),
    ];

    [Fact]
    public void AGatewayOfAnotherHost_IsChosen() => Choose(["198.51.100.1"]).Should().Be(Ids[2]);

    [Fact]
    public void AGatewayThatThePeerHasSentTo_IsNot() => Choose(["198.51.100.1", "198.51.100.3"]).Should().BeNull();

    [Fact]
    public void ADrainingGateway_IsNot() =>
        DialBackChoice.Choose([Gateways[0], Gateways[2] with { Heartbeat = Gateways[2].Heartbeat with { Draining = true } }], Ids[0], AddressFamily.InterNetwork, Set([]), _ => 0)
            .Should().BeNull();

    [Fact]
    public void TheFamily_MustFit() =>
        DialBackChoice.Choose(Gateways, Ids[0], AddressFamily.InterNetworkV6, Set([]), _ => 0).Should().Be(Ids[3]);

    [Fact]
    public void SeveralThatFit_AreChosenByLot()
    {
        var drawn = 0;
        var choose = () => DialBackChoice.Choose(Gateways, Ids[0], AddressFamily.InterNetwork, Set([]), bound => drawn++ % bound);

        new[] { choose(), choose() }.OrderBy(id => id).Should().Equal(new PeerId?[] { Ids[1], Ids[2] }.OrderBy(id => id));
    }

    private static PeerId? Choose(string[] known) => DialBackChoice.Choose(Gateways, Ids[0], AddressFamily.InterNetwork, Set(known), _ => 0);

    private static HashSet<IPAddress> Set(string[] addresses) => [.. addresses.Select(IPAddress.Parse)];

    private static GatewayEntry Entry(int gateway, params string[] addresses) => new(
        Ids[gateway], new GatewayHeartbeat(1, [.. addresses.Select(a => new PeerAddress(TransportKind.Tcp, new IPEndPoint(IPAddress.Parse(a), 1), Ids[gateway]).ToString())], "", 0, false),
        DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);
}
