using System.Diagnostics;
using System.Net;
using Crust.Gateway.Commands;
using Crust.Gateway.Server;
using Crust.GatewayProtocol;
using Crust.Grains.Abstractions;
using Crust.Identity;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Crust.Tests.Cluster;

/// <summary>Gateways that operators drain, with real nodes attached.</summary>
[Trait("speed", "slow")]
public sealed class DrainTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string NetworkName = "cluster-tests";

    private readonly PeerIdentity _operator = PeerIdentity.Create();
    private readonly List<PeerIdentity> _keys = [];
    private readonly List<GatewayServer> _gateways = [];
    private readonly List<CrustNode> _nodes = [], _others = [];
    private TestCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync(_operator.Id);
        for (var i = 0; i < 2; i++)
            await StartGatewayAsync(_operator.Id);
        await Eventually.HoldsAsync(() => _gateways.All(g => g.KnownGateways == 2), "both gateways see both");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes.Concat(_others))
            await node.DisposeAsync();
        foreach (var gateway in _gateways)
            await gateway.DisposeAsync();
        await _cluster.DisposeAsync();
        _keys.ForEach(k => k.Dispose());
        _operator.Dispose();
    }

    [Fact]
    public async Task Peers_AttachElsewhere_AndAreFoundAtEveryMoment()
    {
        await StartNodesAsync(8, at: 0);
        var asker = await StartNodeAsync(1);
        _gateways[0].AttachedCount.Should().Be(8);
        var start = Stopwatch.GetTimestamp();
        await OrderAsync(OrderKind.Drain, 0);
        var lookUps = 0;
        while (_gateways[0].AttachedCount > 0)
        {
            foreach (var node in _nodes)
            {
                var presence = (await _cluster.Client.FindPresenceAsync(node.Id, CancellationToken.None)).Value;
                presence.Should().NotBeNull("it attaches there before it leaves here");
                lookUps++;
            }

            // Whoever is attached to the gateway that is left is served too.
            (await asker.ConnectAsync(_nodes[lookUps % 8].Id)).IsOpen.Should().BeTrue();
            (await _nodes[0].ConnectAsync(_nodes[1 + lookUps % 7].Id)).IsOpen.Should().BeTrue();
            Stopwatch.GetElapsedTime(start).Should().BeLessThan(3 * TimeSpan.FromSeconds(15));
        }

        output.WriteLine($"8 peers had moved {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s after the order; {lookUps} look-ups meanwhile, none failed");
        _nodes.Should().OnlyContain(node => node.Gateway == _gateways[1].Id);
        foreach (var node in _nodes)
            (await _cluster.Client.FindPresenceAsync(node.Id, CancellationToken.None)).Value!.Gateway.Should().Be(_gateways[1].Id);
    }

    [Fact]
    public async Task ANewPeer_IsSentToAnother_UntilTheGatewayIsOpenAgain()
    {
        await OrderAsync(OrderKind.Drain, 0);
        await DirectoryTellsAsync(0, isDrained: true);
        var sent = await StartNodeAsync(0);
        sent.Gateway.Should().Be(_gateways[1].Id);
        sent.BootstrapAttempts.Should().Contain(a => a.Gateway == _gateways[0].Id && a.Refusal == BootstrapRefusal.Draining);

        await OrderAsync(OrderKind.Undrain, 0);
        await DirectoryTellsAsync(0, isDrained: false);
        (await StartNodeAsync(0)).Gateway.Should().Be(_gateways[0].Id);
    }

    [Fact]
    public async Task APeerOfAnOlderRelease_IsServed_AndRefusedAtItsRenewal()
    {
        await using var older = await DialBackAsker.StartAsync(_gateways[0], NetworkName);
        await OrderAsync(OrderKind.Drain, 0);
        await Eventually.HoldsAsync(() => older.Notices.Any(n => n.BodyCase == GatewayEnvelope.BodyOneofCase.DrainNotice), "it is told, though it does not understand");
        var notice = older.Notices.First(n => n.BodyCase == GatewayEnvelope.BodyOneofCase.DrainNotice);
        notice.Id.Should().Be(0);
        notice.DrainNotice.Gateways.Should().NotBeEmpty().And.OnlyContain(a => a.EndsWith(_gateways[1].Id.ToString()));
        (await older.FindAsync(older.Id)).Status.Should().Be(GatewayStatus.Ok);

        var renewal = await older.AttachAsync(_gateways[0]);
        renewal.Status.Should().Be(GatewayStatus.Draining);
        renewal.Gateways.Should().BeEquivalentTo(notice.DrainNotice.Gateways);
        (await older.FindAsync(older.Id)).Status.Should().Be(GatewayStatus.Ok, "it is attached until it leaves");
    }

    [Fact]
    public async Task WhereNobodyElseTakesThem_PeersStay_AndGoWhenSomebodyDoes()
    {
        await StartNodesAsync(2, at: 0);
        await OrderAsync(OrderKind.Drain, 1);
        await DirectoryTellsAsync(1, isDrained: true);
        await OrderAsync(OrderKind.Drain, 0);
        await Eventually.HoldsAsync(() => _nodes.All(n => n.BootstrapAttempts.Any(a => a.Refusal == BootstrapRefusal.Draining)), "they tried the other one");
        _nodes.Should().OnlyContain(node => node.Gateway == _gateways[0].Id);
        (await _nodes[0].ConnectAsync(_nodes[1].Id)).IsOpen.Should().BeTrue();

        await OrderAsync(OrderKind.Undrain, 1);
        await Eventually.HoldsAsync(() => _nodes.All(n => n.Gateway == _gateways[1].Id) && _gateways[0].AttachedCount == 0, "they go when they can", TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task TheOrder_OutlivesTheGatewaysProcess()
    {
        await OrderAsync(OrderKind.Drain, 0);
        await DirectoryTellsAsync(0, isDrained: true);
        await _gateways[0].DisposeAsync();
        _gateways[0] = await GatewayAsync(_keys[0], _operator.Id);
        await Eventually.HoldsAsync(() => _gateways[0].KnownGateways == 2, "it has heard of the cluster");
        // Whom it takes before it has read the orders it sends on.
        var node = await StartNodeAsync(0);
        await Eventually.HoldsAsync(() => node.Gateway == _gateways[1].Id && _gateways[0].AttachedCount == 0, "the node is at the other one");
        await DirectoryTellsAsync(0, isDrained: true);
    }

    [Fact]
    public async Task ABannedPeer_IsToldSo_ByAGatewayThatKnowsNoOperator()
    {
        await StartGatewayAsync();
        using var banned = PeerIdentity.Create();
        (await new OrderGiver(_cluster.Client, _operator, TimeProvider.System).GiveAsync(OrderKind.Ban, banned.Id, "", CancellationToken.None)).Counts.Should().BeTrue();
        var record = new PeerRecord(banned.Id, 1, DateTimeOffset.UtcNow + TimeSpan.FromHours(1), 0, []).Sign(banned, TestPeer.Network);
        await Eventually.HoldsAsync(() => _cluster.Client.RegisterAsync(record, CancellationToken.None), reply => reply.Value == RegisterResult.Denied, "the silo knows of the ban");
        var start = () => CrustNode.StartAsync(new CrustNodeOptions
        {
            Identity = banned, NetworkName = NetworkName, Listen = IPAddress.Loopback, BootstrapTimeout = TimeSpan.FromSeconds(5), Bootstrap = { _gateways[2].Addresses[0] },
        });
        (await start.Should().ThrowAsync<ConnectException>()).Which.Message.Should().Contain("the network's operators do not allow this node");
        await Eventually.HoldsAsync(() => _gateways[2].AttachedCount == 0, "its last try, which may be under way still, ends like the others");
    }

    private Task DirectoryTellsAsync(int gateway, bool isDrained) => Eventually.HoldsAsync(
        () => _cluster.Client.ListGatewaysAsync(CancellationToken.None),
        reply => reply.Value!.Gateways.Single(g => g.Gateway == _gateways[gateway].Id).Heartbeat.Draining == isDrained, $"the directory says of {gateway} that it is drained: {isDrained}");

    private async Task OrderAsync(OrderKind kind, int gateway)
    {
        var given = await new OrderGiver(_cluster.Client, _operator, TimeProvider.System).GiveAsync(kind, _gateways[gateway].Id, "", CancellationToken.None);
        given.Counts.Should().BeTrue();
    }

    private async Task StartGatewayAsync(params PeerId[] operators)
    {
        _keys.Add(PeerIdentity.Create());
        _gateways.Add(await GatewayAsync(_keys[^1], operators));
    }

    private Task<GatewayServer> GatewayAsync(PeerIdentity key, params PeerId[] operators)
    {
        var options = new GatewayOptions { Identity = key, NetworkName = NetworkName, Listen = IPAddress.Loopback, Operators = operators };
        return GatewayServer.StartAsync(options, _cluster.NewClient, NullLoggerFactory.Instance, TimeProvider.System, TestContext.Current.CancellationToken);
    }

    private async Task StartNodesAsync(int count, int at)
    {
        for (var i = 0; i < count; i++)
            _nodes.Add(await StartNodeAsync(at, isKept: true));
    }

    private async Task<CrustNode> StartNodeAsync(int at, bool isKept = false)
    {
        _keys.Add(PeerIdentity.Create());
        var node = await CrustNode.StartAsync(
            new CrustNodeOptions { Identity = _keys[^1], NetworkName = NetworkName, Listen = IPAddress.Loopback, Bootstrap = { _gateways[at].Addresses[0] } }, TestContext.Current.CancellationToken);
        if (!isKept)
            _others.Add(node);
        return node;
    }
}
