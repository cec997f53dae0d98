using System.Collections.Concurrent;
using System.Net;
using Crust.Gateway.Server;
using Crust.Identity;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Crust.Tests.Cluster;

/// <summary>One identity running twice, attached by two real gateways of one cluster: the newest process wins and the loser is told.</summary>
[Trait("speed", "slow")]
public sealed class IdentityTwiceAtGatewaysTests : IAsyncLifetime
{
    private const string NetworkName = "cluster-tests";

    private readonly PeerIdentity _key = PeerIdentity.Create();
    private readonly List<PeerIdentity> _gatewayKeys = [];
    private readonly List<GatewayServer> _gateways = [];
    private TestCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        for (var i = 0; i < 2; i++)
        {
            _gatewayKeys.Add(PeerIdentity.Create());
            var options = new GatewayOptions { Identity = _gatewayKeys[i], NetworkName = NetworkName, Listen = IPAddress.Loopback };
            _gateways.Add(await GatewayServer.StartAsync(
                options, _cluster.NewClient, NullLoggerFactory.Instance, TimeProvider.System, TestContext.Current.CancellationToken));
        }

        await Eventually.HoldsAsync(() => _gateways.All(g => g.KnownGateways == 2), "both gateways see both");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways)
            await gateway.DisposeAsync();
        await _cluster.DisposeAsync();
        _gatewayKeys.ForEach(k => k.Dispose());
        _key.Dispose();
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(0, 0)]
    public async Task NewerProcess_IsTheOneAttached_AndTheOlderIsTold_WhereverItIs(int olderAt, int newerAt)
    {
        await using var older = await ProcessAsync(olderAt);
        var told = new ConcurrentQueue<PeerId>();
        older.IdentityElsewhere += told.Enqueue;
        var ended = new ConcurrentQueue<string?>();
        older.PeerDisconnected += c => ended.Enqueue(c.CloseReason);

        await using var newer = await ProcessAsync(newerAt);

        await Eventually.HoldsAsync(() => !told.IsEmpty && older.Gateway is null, "the older process is told");
        told.Should().Contain(_gateways[olderAt].Id);
        ended.Should().Contain(reason => reason!.Contains("A newer process runs under this identity"));
        newer.Gateway.Should().Be(_gateways[newerAt].Id);
        await Eventually.HoldsAsync(
            async () => (await _cluster.Client.FindPresenceAsync(_key.Id, CancellationToken.None)).Value?.Gateway,
            gateway => gateway == _gateways[newerAt].Id, "the peer is found where the newer process is");
        (await _cluster.Client.FindPresenceAsync(_key.Id, CancellationToken.None)).Value!.Epoch.Should().Be(newer.Epoch.UnixMilliseconds);

        // The older one does not come back: neither of the gateways hears of it again, though each is among its contacts.
        var connect = () => older.ConnectAsync(_gatewayKeys[0].Id);
        (await connect.Should().ThrowAsync<ConnectException>()).Which.Failure.Should().Be(ConnectFailure.IdentityElsewhere);
        var sessions = _gateways.Sum(g => g.AttachedCount);
        sessions.Should().Be(1);
        newer.Connections.Should().ContainSingle();
        older.Connections.Should().BeEmpty();
    }

    [Fact]
    public async Task Loser_DoesNotRedialInALoop_ButTriesAgainMinutesLater()
    {
        // Behind by less than gateways tolerate, so that the minutes to come leave it within that too.
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow - TimeSpan.FromMinutes(7));
        await using var older = await ProcessAsync(0, clock);
        var (told, dialled) = (0, 0);
        older.IdentityElsewhere += _ => Interlocked.Increment(ref told);
        older.PeerConnected += _ => Interlocked.Increment(ref dialled);
        await using var newer = await ProcessAsync(1);
        await Eventually.HoldsAsync(() => Volatile.Read(ref told) == 1 && older.Gateway is null, "the older process is told");

        // A loop would pause a quarter of a second first, and ten seconds at most.
        var left = 120;
        await Eventually.HoldsAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return --left == 0;
            },
            "two minutes go by");
        Volatile.Read(ref dialled).Should().Be(0);

        clock.Advance(TimeSpan.FromMinutes(6));
        await Eventually.HoldsAsync(() => Volatile.Read(ref told) == 2, "it asks once more, and is told the same");
        Volatile.Read(ref dialled).Should().Be(1);
        newer.Gateway.Should().Be(_gateways[1].Id);
    }

    [Fact]
    public async Task OlderProcess_ThatComesLater_IsRefused_AndItsStartSaysWhy()
    {
        // A clock that was set back between the two starts.
        await using var newer = await ProcessAsync(0);
        var start = () => ProcessAsync(1, new ClockBehind(TimeSpan.FromMinutes(1))).WaitAsync(Eventually.Soon);

        (await start.Should().ThrowAsync<ConnectException>()).Which.Failure.Should().Be(ConnectFailure.IdentityElsewhere);

        newer.Gateway.Should().Be(_gateways[0].Id);
        (await newer.Connections.Single().PingAsync()).Should().BePositive();
        await Eventually.HoldsAsync(() => _gateways[1].AttachedCount == 0, "nothing is left at the other gateway");
    }

    [Fact]
    public async Task RestartedProcess_IsTheNewer_AndNobodyIsToldAnything()
    {
        var first = await ProcessAsync(0);
        var told = 0;
        await first.DisposeAsync();

        await using var second = await ProcessAsync(1);
        second.IdentityElsewhere += _ => Interlocked.Increment(ref told);

        await Eventually.HoldsAsync(
            async () => (await _cluster.Client.FindPresenceAsync(_key.Id, CancellationToken.None)).Value?.Gateway, gateway => gateway == _gateways[1].Id, "it is found at its new gateway");
        second.Gateway.Should().Be(_gateways[1].Id);
        told.Should().Be(0);
    }

    private async Task<CrustNode> ProcessAsync(int gateway, TimeProvider? timeProvider = null)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await Eventually.HoldsAsync(() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() > now, "the clock goes on");
        var options = new CrustNodeOptions { Identity = _key, NetworkName = NetworkName, Listen = IPAddress.Loopback, TimeProvider = timeProvider ?? TimeProvider.System };
        options.Bootstrap.Add(_gateways[gateway].Addresses[0]);
        return await CrustNode.StartAsync(options, TestContext.Current.CancellationToken);
    }

    private sealed class ClockBehind(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - by;
    }
}
