using System.Net;
using System.Net.Sockets;
using Crust.Gateway.Server;
using Crust.Grains.Abstractions;
using Crust.Identity;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Crust.Tests.Cluster;

/// <summary>The bootstrap cache through real gateways, on 127.0.0.1 and 127.0.0.2, and what nodes make of it.</summary>
[Trait("speed", "slow")]
public sealed class BootstrapThroughGatewaysTests : IAsyncLifetime
{
    private const string NetworkName = "cluster-tests";

    private readonly List<PeerIdentity> _keys = [];
    private readonly List<GatewayServer> _gateways = [];
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"crust-bootstrap-{Guid.NewGuid():N}");
    private TestCluster _cluster = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        await AddGatewayAsync("127.0.0.1");
        await AddGatewayAsync("127.0.0.2");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways)
            await gateway.DisposeAsync();
        await _cluster.DisposeAsync();
        _keys.ForEach(k => k.Dispose());
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task AReachablePeer_IsToldToOthers_AndNoMoreOnceItIsGone()
    {
        var peer = await PeerAsync();
        await EnteredAsync(peer.Id);
        var entry = await EntryAsync(peer.Id);
        entry!.Should().BeEquivalentTo(new { IsIndependent = true, Voucher = _gateways[0].Id, FailuresInRow = 0u }, "the other gateway dialled, this one vouches");

        await using (var other = await PeerAsync())
            await Eventually.HoldsAsync(() => other.Memory.AddressesOf(peer.Id).Count > 0, "it asks for a sample when it has attached");

        await peer.DisposeAsync();
        await Eventually.HoldsAsync(() => !IsSampled(_gateways[0], peer.Id), "its session ended, and a dial finds nobody");
        await Eventually.HoldsAsync(async () => (await EntryAsync(peer.Id))?.FailuresInRow, failures => failures is null or > 0, "the shard is told");
    }

    [Fact]
    public async Task WhoDoesNotAccept_AndWhoIsAClient_IsNotToldToOthers()
    {
        await using var accepts = await PeerAsync();
        await using var closed = await PeerAsync(o => o.AcceptBootstrap = false);
        await using var client = await PeerAsync(o => o.Role = NodeRole.Client);
        await EnteredAsync(accepts.Id);
        await Eventually.HoldsAsync(() => closed.Reachability.Count == 2 && closed.Reachability.All(a => a.State == ReachabilityState.Proven), "it is reachable all the same");
        // A proof of a fourth, which comes later: whatever was to enter has entered by then.
        await using var later = await PeerAsync();
        await EnteredAsync(later.Id);
        (await EntryAsync(closed.Id)).Should().BeNull();
        (await EntryAsync(client.Id)).Should().BeNull();
        client.Reachability.Should().BeEmpty("it asks nobody to dial it");
    }

    [Fact]
    public async Task AHostileGateway_CannotEnterWhatThePeerDidNotSign_NorTakeAnothersPeerOut()
    {
        await using var peer = await PeerAsync();
        await EnteredAsync(peer.Id);
        var shard = GrainKeys.BootstrapShardOf(peer.Id);
        var record = (await EntryAsync(peer.Id))!.SignedRecord;
        PeerRecord.TryVerify(record, peer.Network, out var known).Should().BeTrue();

        // It has a client of the cluster, a live gateway's identity and the peer's public record.
        // Later than anything the other one says, so that it is not refused for its age.
        ulong Soon() => (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + 1000;
        byte[] Failed() => new ReachabilityProof(_gateways[1].Id, peer.Id, known!.Sequence, 1, 0, true, Soon()).Sign(_keys[1], peer.Network);
        await Eventually.HoldsAsync(() => ReportAsync(shard, Failed(), record), result => result == BootstrapResult.OtherVoucher, "until the shard knows that gateway, its word is that of nobody");
        using var victim = BootstrapPeer.InShard(shard);
        var forged = new ReachabilityProof(_gateways[1].Id, victim.Id, 1, 1, 1, true, Soon()).Sign(_keys[1], peer.Network);
        (await ReportAsync(shard, forged, victim.Record(1, DateTimeOffset.UtcNow))).Should().Be(BootstrapResult.Invalid, "that peer never attached to it");
        var name = new ReachabilityProof(_gateways[0].Id, peer.Id, known!.Sequence, 1, 0, true, Soon()).Sign(_keys[1], peer.Network);
        (await ReportAsync(shard, name, record)).Should().Be(BootstrapResult.Invalid, "it has not the other gateway's key");

        IsSampled(_gateways[0], peer.Id).Should().BeTrue();
        var entry = await EntryAsync(peer.Id);
        entry.Should().NotBeNull("nothing that was reported takes it out");
        entry!.Voucher.Should().Be(_gateways[0].Id, "who is believed is who speaks for it");
        // Its own gateway may have missed it once, on a machine that is busy: that is its word, and not the hostile one's.
        entry.Proven.Should().NotBe(0);
    }

    [Fact]
    public async Task WithTheWholeClusterGone_KnownPeersStillFindEachOther()
    {
        await using var known = await PeerAsync();
        await EnteredAsync(known.Id);
        await using var other = await PeerAsync(o => o.BootstrapCacheFile = Path.Combine(_folder, "cache"));
        await Eventually.HoldsAsync(() => other.Memory.AddressesOf(known.Id).Count > 0, "it was told of it");
        foreach (var gateway in _gateways)
            await gateway.DisposeAsync();
        var addresses = _gateways[0].Addresses;
        _gateways.Clear();

        var connection = await other.ConnectAsync(known.Id, Token);
        connection.Path.ToString().Should().StartWith("Direct");
        (await connection.PingAsync(Token)).Should().BePositive();

        // And a process that starts anew, with the file and without any gateway.
        await other.DisposeAsync();
        await using var again = await PeerAsync(o =>
        {
            o.Bootstrap.Add(addresses[0]);
            o.BootstrapCacheFile = Path.Combine(_folder, "cache");
            o.BootstrapTimeout = TimeSpan.FromSeconds(2);
        });
        again.Gateway.Should().BeNull();
        (await again.ConnectAsync(known.Id, Token)).Peer.Should().Be(known.Id);
    }

    [Fact]
    public async Task ANodeThatWasAttachedBefore_StartsWithItsFileAlone_AndADamagedOneIsSetAside()
    {
        var file = Path.Combine(_folder, "sub", "cache");
        await (await PeerAsync(o => o.BootstrapCacheFile = file)).DisposeAsync();
        await using (var again = await PeerAsync(o => { o.Bootstrap.Clear(); o.BootstrapCacheFile = file; }))
            again.Gateway.Should().NotBeNull();

        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, Token))[..^9], Token);
        await using (var damaged = await PeerAsync(o => { o.Bootstrap.Clear(); o.BootstrapCacheFile = file; }))
            damaged.Gateway.Should().BeNull("it knows nobody now, and starts all the same");
        File.Exists(file + ".damaged").Should().BeTrue();
        await using var told = await PeerAsync(o => o.BootstrapCacheFile = file);
        told.Gateway.Should().NotBeNull();
        await told.DisposeAsync();
        File.Exists(file).Should().BeTrue();
    }

    [Fact]
    public async Task Exclusions_CountForOneCall()
    {
        await using var peer = await PeerAsync(o => o.BootstrapExclusions.Add(_gateways[0].Id), _gateways[1]);
        peer.Gateway.Should().Be(_gateways[1].Id, "the first one is left out");
        (await peer.BootstrapAsync([_gateways[1].Id], Token)).Should().Be(_gateways[0].Id);
        (await peer.BootstrapAsync([_gateways[1].Id], Token)).Should().Be(_gateways[0].Id, "it is there already");
        (await peer.BootstrapAsync([_gateways[0].Id], Token)).Should().Be(_gateways[1].Id);
    }

    [Fact]
    public async Task WhyNoGatewayTookTheNode_IsTold()
    {
        await using var noGateway = await CrustNode.StartAsync(new CrustNodeOptions { NetworkName = NetworkName, Listen = IPAddress.Loopback }, Token);
        using var dead = PeerIdentity.Create();
        var failed = await FluentActions.Awaiting(() => CrustNode.StartAsync(
            Options(o =>
            {
                o.Bootstrap.Clear();
                o.Bootstrap.Add(new PeerAddress(TransportKind.Tcp, new IPEndPoint(IPAddress.Loopback, ClosedPort()), dead.Id));
                o.Bootstrap.Add(noGateway.Addresses[0]);
                o.BootstrapTimeout = TimeSpan.FromSeconds(10);
            }), Token)).Should().ThrowAsync<ConnectException>();
        failed.Which.Failure.Should().Be(ConnectFailure.BootstrapFailed);
        failed.Which.Message.Should().Contain(noGateway.Id.ToShortString(), "each that was tried has its reason").And.Contain("refused");
    }

    [Fact]
    public async Task TheReachabilityTest_DialsAnew()
    {
        await using var peer = await PeerAsync();
        await Eventually.HoldsAsync(() => peer.Reachability.Count == 2 && peer.Reachability.All(a => a.State == ReachabilityState.Proven), "it is proven at the start");
        var before = DateTimeOffset.UtcNow;
        var tested = await peer.TestReachabilityAsync(Token);
        tested.Should().HaveCount(2).And.OnlyContain(a => a.State == ReachabilityState.Proven && a.Tested >= before);
    }

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool IsSampled(GatewayServer gateway, PeerId peer) => gateway.Bootstrap.Sample(24, default).Any(e => e.Record.Peer == peer);

    private Task EnteredAsync(PeerId peer) => Eventually.HoldsAsync(() => IsSampled(_gateways[0], peer), "a dial-back proves it, it publishes that, and the shard takes it");

    private async Task<BootstrapEntry?> EntryAsync(PeerId peer)
    {
        var shard = (await _cluster.Client.ReadBootstrapAsync(GrainKeys.BootstrapShardOf(peer), 0, Token)).TryGet(out var read) ? read : null;
        return shard?.Entries.SingleOrDefault(e => PeerRecord.TryVerify(e.SignedRecord, TestPeer.Network, out var record) && record!.Peer == peer);
    }

    private async Task<BootstrapResult> ReportAsync(int shard, byte[] proof, byte[] record)
    {
        (await _cluster.Client.ReportBootstrapAsync(shard, [new BootstrapReport(proof, record, [])], Token)).TryGet(out var reply).Should().BeTrue();
        return reply!.Results.Single();
    }

    private async Task AddGatewayAsync(string address)
    {
        _keys.Add(PeerIdentity.Create());
        var options = new GatewayOptions { Identity = _keys[^1], NetworkName = NetworkName, Listen = IPAddress.Parse(address) };
        _gateways.Add(await GatewayServer.StartAsync(options, _cluster.NewClient, NullLoggerFactory.Instance, TimeProvider.System, Token));
        await Eventually.HoldsAsync(() => _gateways.All(g => g.KnownGateways == _gateways.Count), "all gateways see all");
    }

    private CrustNodeOptions Options(Action<CrustNodeOptions>? change, params GatewayServer[] also)
    {
        // To look at its NATs, a node asks every gateway it knows: none would be a stranger then.
        var options = new CrustNodeOptions { NetworkName = NetworkName, Listen = IPAddress.Loopback, ProvesLoopback = true, ObserveNat = false };
        foreach (var address in _gateways.Take(1).SelectMany(g => g.Addresses).Concat(also.SelectMany(g => g.Addresses)))
            options.Bootstrap.Add(address);
        change?.Invoke(options);
        return options;
    }

    private Task<CrustNode> PeerAsync(Action<CrustNodeOptions>? change = null, params GatewayServer[] also) => CrustNode.StartAsync(Options(change, also), Token);
}
