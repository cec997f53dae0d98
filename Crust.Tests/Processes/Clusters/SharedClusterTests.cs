using System.Diagnostics;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes.Clusters;

/// <summary>What a cluster of several silos promises when something of it dies. Deadlines are three times the promise; what was seen is told.</summary>
public abstract class SharedClusterTests(SharedCluster cluster, ITestOutputHelper output)
{
    private static readonly TimeSpan Failover = TimeSpan.FromSeconds(5), Presence = TimeSpan.FromSeconds(15);

    private protected SharedCluster Cluster { get; } = cluster.Required();

    private protected ITestOutputHelper Output => output;

    [Fact]
    public async Task KilledSilo_FailsRequestsForSeconds_AndLosesNothingAcknowledged()
    {
        await using var client = Cluster.Connect();
        await client.WaitUntilConnectedAsync(CancellationToken.None).WaitAsync(Eventually.Soon);
        await using var load = new ClusterLoad(client);
        var ping = await Cluster.PingAsync(gateway: 0, count: 100);
        await ping.EventAsync("pong");
        await Eventually.HoldsAsync(() => load.Acknowledged.Count > 200, "the load runs");

        var victim = Cluster.Silos[0];
        Cluster.Silos.RemoveAt(0);
        var killed = Stopwatch.GetTimestamp();
        await victim.KillAsync();
        await Cluster.StatusAsync(silos: 2);
        output.WriteLine($"the other silos knew after {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s");
        var before = load.Succeeded;
        await Eventually.HoldsAsync(() => load.Succeeded > before + 200, "the load goes on");
        await load.StopAsync();

        output.WriteLine($"requests that failed began up to {load.LastFailureBegan(killed).TotalSeconds:0.0} s after the kill; {load.Unanswered(0)} of {load.Succeeded + load.Unanswered(0)} had no answer");
        load.LastFailureBegan(killed).Should().BeLessThan(3 * Failover);
        foreach (var (peer, record) in load.Acknowledged)
            (await client.GetRecordAsync(peer, CancellationToken.None)).Value.Should().Equal(record);
        (await ping.ExitAsync()).Should().Be(0, ping.ToString());
        ping.Events.Count(e => e.Name == "pong").Should().Be(100, "connections between peers need no silo");

        await Cluster.StartSiloAsync();
        await Cluster.StatusAsync(silos: 3, gateways: 2, peers: 1);
    }

    [Fact]
    public async Task KilledGateway_IsGone_AndItsPeersAreElsewhere()
    {
        var ping = await Cluster.PingAsync(gateway: 0, count: 100);
        await ping.EventAsync("pong");
        await using var client = Cluster.Connect();
        await client.WaitUntilConnectedAsync(CancellationToken.None).WaitAsync(Eventually.Soon);
        var peer = PeerId.Parse((await Cluster.Peer.EventAsync("ready")).Text("peer"));
        var (survivor, victim) = (await IdAsync(0), await IdAsync(1));
        await Eventually.HoldsAsync(() => client.FindPresenceAsync(peer, CancellationToken.None), reply => reply.Value?.Gateway == victim, "the peer is at the second gateway");
        var killed = Stopwatch.GetTimestamp();
        await Cluster.Gateways[1].KillAsync();
        await Eventually.HoldsAsync(() => client.FindPresenceAsync(peer, CancellationToken.None), reply => reply.Value?.Gateway == survivor, "the peer is found at the first one", 3 * Presence);
        output.WriteLine($"its peer was found at the other gateway after {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s");
        await Cluster.StatusAsync(gateways: 1, deadline: 3 * Presence);
        output.WriteLine($"it was gone from the directory after {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s");
        (await ping.ExitAsync()).Should().Be(0, ping.ToString());
        ping.Events.Count(e => e.Name == "pong").Should().Be(100);
        var again = await Cluster.PingAsync(gateway: 0, count: 2);
        (await again.ExitAsync()).Should().Be(0, again.ToString());
        // As it was, for the next test.
        Cluster.Gateways[1] = await Cluster.StartGatewayAsync();
        Cluster.Gateways.RemoveAt(2);
        await Cluster.StatusAsync(gateways: 2);
    }

    private async Task<PeerId> IdAsync(int gateway) => PeerId.Parse((await Cluster.Gateways[gateway].EventAsync("ready")).Text("peer"));
}
