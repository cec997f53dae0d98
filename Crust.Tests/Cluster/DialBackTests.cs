using System.Net;
using System.Net.Sockets;
using Crust.Gateway.Server;
using Crust.GatewayProtocol;
using Crust.Identity;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Crust.Tests.Cluster;

/// <summary>Peers that want to know whether they can be reached, and gateways that find out: on 127.0.0.1 and 127.0.0.2, so that one of them is a stranger.</summary>
[Trait("speed", "slow")]
public sealed class DialBackTests : IAsyncLifetime
{
    private const string NetworkName = "cluster-tests";

    private readonly List<PeerIdentity> _keys = [];
    private readonly List<GatewayServer> _gateways = [];
    private TestCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        await AddGatewayAsync("127.0.0.1");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways)
            await gateway.DisposeAsync();
        await _cluster.DisposeAsync();
        _keys.ForEach(k => k.Dispose());
    }

    [Fact]
    public async Task WithAnotherGateway_AnAddressIsProven_AndNoSessionComesOfIt()
    {
        await AddGatewayAsync("127.0.0.2");
        var met = 0;
        await using var peer = await PeerAsync();
        peer.PeerConnected += _ => Interlocked.Increment(ref met);

        await Eventually.HoldsAsync(() => peer.Reachability.Count == 2 && peer.Reachability.All(a => a.State == ReachabilityState.Proven), "both addresses are dialled from the other gateway");

        peer.Reachability.Select(a => a.Address.Transport).Should().BeEquivalentTo([TransportKind.Tcp, TransportKind.Utp]);
        peer.Reachability.Should().OnlyContain(a => a.Tested != null && a.Reason.Contains("had not sent anything to"));
        peer.Connections.Should().ContainSingle("that with its gateway").Which.Peer.Should().Be(_gateways[0].Id);
        met.Should().Be(0);
    }

    [Fact]
    public async Task WithOneGateway_AnAddressIsUnproven_AgainstFiltering()
    {
        await using var peer = await PeerAsync();

        await Eventually.HoldsAsync(() => peer.Reachability.Count == 2 && peer.Reachability.All(a => a.State == ReachabilityState.UnprovenFiltering), "the gateway dials itself");

        peer.Connections.Should().ContainSingle();
    }

    [Fact]
    public async Task AGatewayThatThePeerHasSentTo_IsNoStranger()
    {
        await AddGatewayAsync("127.0.0.2");
        await using var peer = await PeerAsync("127.0.0.2");

        await Eventually.HoldsAsync(() => peer.Reachability.Count == 2 && peer.Reachability.All(a => a.State == ReachabilityState.UnprovenFiltering), "it would get through a filter");
    }

    [Fact]
    public async Task WhoeverElseListensThere_IsNotThePeer()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var other = await CrustNode.StartAsync(new CrustNodeOptions { NetworkName = NetworkName, Listen = IPAddress.Loopback });
        await using var asker = await DialBackAsker.StartAsync(_gateways[0], NetworkName);

        var response = await asker.AskAsync(
        [
            asker.At("tcp", "127.0.0.1", ((IPEndPoint)silent.LocalEndpoint).Port), asker.At("utp", "127.0.0.1", other.Addresses.First(a => a.Transport == TransportKind.Utp).EndPoint.Port),
            asker.At("tcp", "127.0.0.1", ClosedPort()),
        ]);

        response!.Results.Select(r => r.Outcome).Should().Equal(DialBackOutcome.NotThePeer, DialBackOutcome.NotThePeer, DialBackOutcome.Refused);
        other.Connections.Should().BeEmpty();
    }

    [Fact]
    public async Task WhatIsNotTheIpThatTheGatewaySees_IsNotDialled()
    {
        using var victim = new TcpListener(IPAddress.Parse("127.0.0.9"), 0);
        victim.Start();
        var port = ((IPEndPoint)victim.LocalEndpoint).Port;
        await using var asker = await DialBackAsker.StartAsync(_gateways[0], NetworkName);
        string[] targets = ["127.0.0.9", "10.0.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "224.0.0.1", "255.255.255.255", "0.0.0.0", "[::1]", "[fe80::1]", "[fd00::1]", "[ff02::1]", "[::ffff:10.0.0.1]", "203.0.113.9", "8.8.8.8"];

        foreach (var some in targets.Chunk(3))
        {
            var response = await asker.AskAsync([.. some.Select(t => asker.At("tcp", t, port))]);

            response!.Status.Should().Be(GatewayStatus.Ok);
            response.Results.Should().HaveCount(some.Length).And.OnlyContain(r => r.Outcome == DialBackOutcome.NotDialled);
        }

        victim.Pending().Should().BeFalse();
    }

    [Fact]
    public async Task ARequestThatIsNone_IsRefused()
    {
        await using var asker = await DialBackAsker.StartAsync(_gateways[0], NetworkName);
        var good = asker.At("tcp", "127.0.0.1", 9);
        var others = good.Replace(asker.Node.Id.ToString(), _gateways[0].Id.ToString(), StringComparison.Ordinal);

        (await asker.AskAsync([]))!.Status.Should().Be(GatewayStatus.Invalid);
        (await asker.AskAsync([good, good, good, good]))!.Status.Should().Be(GatewayStatus.Invalid, "three at most");
        (await asker.AskAsync([others]))!.Status.Should().Be(GatewayStatus.Invalid, "another's address");
        (await asker.AskAsync(["nonsense"]))!.Status.Should().Be(GatewayStatus.Invalid);
        (await asker.AskAsync([good], padding: 1500))!.Status.Should().Be(GatewayStatus.Invalid, "it costs less than what the gateway would send");
        (await asker.AskAsync([good], contacted: 33))!.Status.Should().Be(GatewayStatus.Invalid);
    }

    [Fact]
    public async Task WhoIsNotAttached_IsNotDialled()
    {
        await using var asker = await DialBackAsker.StartAsync(_gateways[0], NetworkName, attach: false);

        (await asker.AskAsync([asker.At("tcp", "127.0.0.1", 9)]))!.Status.Should().Be(GatewayStatus.NotAttached);
    }

    [Fact]
    public async Task AFloodOfRequests_IsThrottled_AndOthersAreServed()
    {
        using var target = new TcpListener(IPAddress.Loopback, 0);
        target.Start();
        await using var asker = await DialBackAsker.StartAsync(_gateways[0], NetworkName);
        var address = asker.At("tcp", "127.0.0.1", ((IPEndPoint)target.LocalEndpoint).Port);

        var responses = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => asker.AskAsync([address])));

        responses.Count(r => r!.Status == GatewayStatus.Ok).Should().Be(8);
        responses.Count(r => r!.Status == GatewayStatus.Throttled).Should().Be(92);
        await using var peer = await PeerAsync();
        await Eventually.HoldsAsync(() => peer.Reachability.Count == 2 && peer.Reachability.All(a => a.State == ReachabilityState.UnprovenFiltering), "an honest peer is dialled");
    }

    [Fact]
    public async Task ADial_SendsNoMoreThanTheRequestCost()
    {
        using var target = new TcpListener(IPAddress.Loopback, 0);
        target.Start();
        await using var asker = await DialBackAsker.StartAsync(_gateways[0], NetworkName);
        var asking = asker.AskAsync([asker.At("tcp", "127.0.0.1", ((IPEndPoint)target.LocalEndpoint).Port)]);

        using var accepted = await target.AcceptSocketAsync(TestContext.Current.CancellationToken);
        var (received, buffer) = (0, new byte[8192]);
        try
        {
            while (await accepted.ReceiveAsync(buffer, TestContext.Current.CancellationToken) is > 0 and var more)
                received += more;
        }
        catch (SocketException)
        {
            // It ends by a reset.
        }

        (await asking)!.Results.Single().Outcome.Should().Be(DialBackOutcome.NotThePeer);
        // SYNs, acknowledgements, the end and their headers come on top: ten packets of 60 bytes at the most.
        received.Should().BeInRange(1000, GatewayCodec.DialBackCost - 600);
    }

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task AddGatewayAsync(string address)
    {
        _keys.Add(PeerIdentity.Create());
        var options = new GatewayOptions { Identity = _keys[^1], NetworkName = NetworkName, Listen = IPAddress.Parse(address) };
        _gateways.Add(await GatewayServer.StartAsync(options, _cluster.NewClient, NullLoggerFactory.Instance, TimeProvider.System, TestContext.Current.CancellationToken));
        await Eventually.HoldsAsync(() => _gateways.All(g => g.KnownGateways == _gateways.Count), "all gateways see all");
    }

    private async Task<CrustNode> PeerAsync(params string[] contacted)
    {
        // To look at its NATs, a node asks every gateway it knows: none would be a stranger then.
        var options = new CrustNodeOptions { NetworkName = NetworkName, Listen = IPAddress.Loopback, ProvesLoopback = true, ObserveNat = false };
        foreach (var address in _gateways[0].Addresses)
            options.Bootstrap.Add(address);
        // Gateways that are not there: it sends to them in vain.
        foreach (var ip in contacted)
            options.Bootstrap.Insert(0, new PeerAddress(TransportKind.Tcp, new IPEndPoint(IPAddress.Parse(ip), ClosedPort()), _keys[^1].Id));
        return await CrustNode.StartAsync(options, TestContext.Current.CancellationToken);
    }
}
