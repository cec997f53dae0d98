using System.Diagnostics;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary>Peers that reach each other over gateways alone: real processes all of them.</summary>
[Trait("speed", "slow")]
public sealed class RelayTests(ProcessCluster cluster, ITestOutputHelper output) : IClassFixture<ProcessCluster>
{
    [Fact]
    public async Task Ping_GoesOverAGateway_AndOutlivesIt()
    {
        var survivor = (await cluster.Gateways[0].EventAsync("ready")).Text("peer");
        var ping = cluster.Crust("ping", cluster.PeerId, "--bootstrap", cluster.GatewayAddresses[0], "--path", "relay", "--count", "120", "--interval", "0.1", "--json");
        var connected = await ping.EventAsync("connected");
        output.WriteLine($"connected in {connected.Body.GetProperty("ms")} ms: {connected.Text("why")}");
        connected.Text("path").Should().Be("relayed");
        connected.Text("why").Should().Contain("over gateway").And.Contain("only relayed paths");
        await ping.EventAsync("pong", e => e.Number("seq") == 10);

        // The circuit goes over the callee's gateway: its loss costs both ends the hop, and the callee its attachment.
        var start = Stopwatch.GetTimestamp();
        await cluster.Gateways[1].KillAsync();

        var resumed = await ping.EventAsync("path-changed", e => e.MillisecondsSince(start) > 0);
        output.WriteLine($"resumed after {resumed.MillisecondsSince(start):0} ms (promised: 5,000): {resumed.Text("path")}, {resumed.Text("why")}");
        resumed.Text("path").Should().Be("relayed");
        resumed.MillisecondsSince(start).Should().BeLessThan(15_000);
        (await ping.ExitAsync()).Should().Be(0, ping.ToString());
        var pongs = ping.Events.Where(e => e.Name == "pong").ToList();
        pongs.Select(e => e.Number("seq")).Should().Equal(Enumerable.Range(1, 120));
        pongs.Should().OnlyContain(e => e.Text("path") == "relayed");
        var gap = pongs.Zip(pongs.Skip(1), (a, b) => b.MillisecondsSince(start) - a.MillisecondsSince(start)).Max();
        output.WriteLine($"longest time between two pongs: {gap:0} ms, of which 100 are meant");
        ping.Error.Should().BeEmpty();
        cluster.Peer.Error.Should().BeEmpty();
        cluster.Peer.Events.Should().Contain(e => e.Name == "connected" && e.Text("peer") == survivor);
    }
}
