using System.Diagnostics;
using System.Text.Json;
using Crust.Client;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary><c>crust admin drain</c> with real processes and live sessions. Deadlines are three times the promise of 15 s.</summary>
[Trait("speed", "slow")]
public sealed class DrainTests(ProcessCluster cluster, ITestOutputHelper output) : IClassFixture<ProcessCluster>
{
    private static readonly TimeSpan Moved = 3 * TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Drain_MovesAllPeers_AndNoSessionLosesAnything()
    {
        var (open, drained) = (await cluster.GatewayIdAsync(0), await cluster.GatewayIdAsync(1));
        List<CrustProcess> others = [];
        for (var i = 0; i < 3; i++)
            others.Add(cluster.Crust("node", "--listen", "127.0.0.1", "--bootstrap", cluster.GatewayAddresses[1], "--identity", cluster.Folder.PathOf($"other{i}"), "--json"));
        foreach (var other in others)
            await other.EventAsync("ready");
        await Eventually.HoldsAsync(() => cluster.StatusAsync(), status => Load(status, drained) == 4, "all four are attached to the second gateway");
        var direct = cluster.Ping(gateway: 0, count: 150);
        var relayed = cluster.Crust("ping", cluster.PeerId, "--bootstrap", cluster.GatewayAddresses[0], "--path", "relay", "--count", "150", "--interval", "0.1", "--json");
        (await relayed.EventAsync("connected")).Text("why").Should().Contain("over gateway");
        await direct.EventAsync("pong", e => e.Number("seq") == 5);
        await relayed.EventAsync("pong", e => e.Number("seq") == 5);

        var options = new CrustClientOptions();
        options.EndPoints.Add(cluster.Cluster);
        await using var client = new CrustClusterClient(options);
        await client.WaitUntilConnectedAsync(CancellationToken.None).WaitAsync(Eventually.Soon);
        var peer = PeerId.Parse(cluster.PeerId, null);
        var ordered = (await cluster.AdminAsync("drain", drained, "--reason", "kernel update")).Single();
        var (lookUps, lost) = (0, 0);
        await Eventually.HoldsAsync(
            async () =>
            {
                lookUps++;
                lost += (await client.FindPresenceAsync(peer, CancellationToken.None)).Value is null ? 1 : 0;
                return await cluster.StatusAsync();
            },
            status => Load(status, drained) == 0 && Load(status, open) >= 4, "the drained gateway is empty", Moved);
        output.WriteLine($"four peers had moved {Stopwatch.GetElapsedTime(ordered.Timestamp).TotalSeconds:0.0} s after the order was taken, as the status page shows it (15 are promised); {lookUps} look-ups, {lost} lost");
        lost.Should().Be(0, "a peer attaches to another gateway before it leaves");
        (await client.FindPresenceAsync(peer, CancellationToken.None)).Value!.Gateway.ToString().Should().Be(open);

        foreach (var (ping, name) in new[] { (direct, "direct"), (relayed, "relayed") })
        {
            (await ping.ExitAsync()).Should().Be(0, ping.ToString());
            ping.Error.Should().BeEmpty();
            var pongs = ping.Events.Where(e => e.Name == "pong").ToList();
            pongs.Select(e => e.Number("seq")).Should().Equal(Enumerable.Range(1, 150), $"the {name} session lost nothing");
            var gap = pongs.Zip(pongs.Skip(1), (a, b) => b.MillisecondsSince(ordered.Timestamp) - a.MillisecondsSince(ordered.Timestamp)).Max();
            output.WriteLine($"{name}: longest time between two pongs {gap:0} ms, of which 100 are meant");
        }

        relayed.Events.Should().Contain(e => e.Name == "path-changed" && e.MillisecondsSince(ordered.Timestamp) > 0, "the circuit over the drained gateway ended");
        cluster.Peer.Error.Should().BeEmpty();

        // Nobody new is taken there, but sent on; until it is open again.
        var fresh = cluster.Crust("node", "--listen", "127.0.0.1", "--bootstrap", cluster.GatewayAddresses[1], "--identity", cluster.Folder.PathOf("fresh"), "--json");
        (await fresh.EventAsync("ready")).Text("gateway").Should().Be(open);
        await cluster.AdminAsync("undrain", drained);
        await Eventually.HoldsAsync(() => cluster.StatusAsync(), status => !IsDraining(status, drained), "it is open again");
        var last = cluster.Crust("node", "--listen", "127.0.0.1", "--bootstrap", cluster.GatewayAddresses[1], "--identity", cluster.Folder.PathOf("last"), "--json");
        (await last.EventAsync("ready")).Text("gateway").Should().Be(drained);
    }

    private static JsonElement Gateway(JsonElement status, string id) => status.GetProperty("gateways").EnumerateArray().Single(g => g.GetProperty("id").GetString() == id);

    private static int Load(JsonElement status, string id) => Gateway(status, id).GetProperty("load").GetInt32();

    private static bool IsDraining(JsonElement status, string id) => Gateway(status, id).GetProperty("draining").GetBoolean();
}
