using System.Diagnostics;
using System.Net;
using Crust.Identity;
using Crust.Transport;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary>The silo and both gateways are killed; two peers run in processes of their own, three here. None of them can ask anybody but each other.</summary>
[Trait("speed", "slow")]
public sealed class LifeWithoutGatewaysTests(ProcessCluster cluster, ITestOutputHelper output) : IClassFixture<ProcessCluster>
{
    private const string Echo = "test/echo";

    [Fact]
    public async Task WithSiloAndGatewaysKilled_SessionsGoOn_NeighboursConnect_AndPeersIntroduceEachOther()
    {
        var other = cluster.Crust("node", "--listen", "127.0.0.1", "--bootstrap", cluster.GatewayAddresses[0], "--identity", cluster.Folder.PathOf("other"), "--json");
        var neighbour = PeerId.Parse((await other.EventAsync("ready")).Text("peer"));
        var friend = PeerId.Parse(cluster.PeerId);
        await using var caller = await StartAsync(0, hidden: true);
        await using var hidden = await StartAsync(1, hidden: true);
        await using var open = await StartAsync(1, hidden: false);

        // Both have a session with the friend, neither with the other, and nobody could dial either of them.
        var talk = await caller.ConnectAsync(friend);
        await hidden.ConnectAsync(friend);
        caller.Addresses.Should().BeEmpty();
        hidden.Addresses.Should().BeEmpty();
        await Eventually.HoldsAsync(() => caller.KnownPeers >= 2 && open.KnownPeers >= 2, "the gateways told of neighbours");

        await Task.WhenAll([cluster.Silo.KillAsync(), .. cluster.Gateways.Select(static g => g.KillAsync())]);
        await Eventually.HoldsAsync(() => caller.Gateway is null && hidden.Gateway is null && open.Gateway is null, "all gateways are gone", TimeSpan.FromSeconds(60));

        // An open session.
        (await talk.PingAsync()).Should().BePositive();

        // A neighbour that was never met.
        caller.Connections.Should().NotContain(c => c.Peer == neighbour);
        var start = Stopwatch.GetTimestamp();
        var near = await caller.ConnectAsync(neighbour);
        output.WriteLine($"a neighbour: {near.Path.ToToken()} after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
        (await near.PingAsync()).Should().BePositive();

        // Through an introduction: neither side's record leads anywhere, so both punch.
        caller.Connections.Should().NotContain(c => c.Peer == hidden.Id);
        start = Stopwatch.GetTimestamp();
        var met = await caller.ConnectAsync(hidden.Id);
        output.WriteLine($"introduced: {met.Path.ToToken()} after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms ({met.PathReason})");
        met.Path.Should().NotBe(ConnectionPath.Relayed);
        (await met.RequestAsync(Echo, new byte[] { 1, 2, 3 })).Should().Equal(1, 2, 3);

        // The other way round, to one that can be dialled, once it has made itself known: it came last, and nobody was told of it.
        start = Stopwatch.GetTimestamp();
        var back = (await Eventually.HoldsAsync(() => TryConnectAsync(hidden, open.Id), static c => c is not null, "a node without gateways makes itself known", TimeSpan.FromSeconds(60)))!;
        output.WriteLine($"a peer that can be dialled: {back.Path.ToToken()}, {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms after it was first asked for");
        (await back.RequestAsync(Echo, new byte[] { 4 })).Should().Equal(4);

        // Nobody knows this one: the end is an answer, not a wait.
        using var nobody = PeerIdentity.Create();
        var failing = async () => await caller.ConnectAsync(nobody.Id);
        (await failing.Should().ThrowAsync<ConnectException>()).Which.Failure.Should().Be(ConnectFailure.NotAttached);
        (await talk.PingAsync()).Should().BePositive();
    }

    /// <summary>Null while nobody that the node asks has heard of the peer.</summary>
    private static async Task<PeerConnection?> TryConnectAsync(CrustNode node, PeerId peer)
    {
        try
        {
            return await node.ConnectAsync(peer);
        }
        catch (ConnectException e) when (e.Failure == ConnectFailure.NotAttached)
        {
            return null;
        }
    }

    private async Task<CrustNode> StartAsync(int gateway, bool hidden)
    {
        var options = new CrustNodeOptions { Listen = IPAddress.Loopback, PublishesNothing = hidden, PortMapping = false };
        options.RequestHandlers[Echo] = static (request, _) => ValueTask.FromResult(request.Payload);
        options.Bootstrap.Add(PeerAddress.Parse(cluster.GatewayAddresses[gateway]));
        return await CrustNode.StartAsync(options);
    }
}
