using System.Diagnostics;
using System.Text.Json;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

[Trait("speed", "slow")]
public sealed class GatewayLossTests(ProcessCluster cluster, ITestOutputHelper output) : IClassFixture<ProcessCluster>
{
    [Fact]
    public async Task KilledGateway_CostsNoMessage_AndItsPeerIsFoundThroughTheOther()
    {
        var survivor = (await cluster.Gateways[0].EventAsync("ready")).Text("peer");
        var running = cluster.Ping(gateway: 0, count: 40);
        await running.EventAsync("pong", e => e.Number("seq") == 5);
        var start = Stopwatch.GetTimestamp();
        await cluster.Gateways[1].KillAsync();

        var moved = await cluster.Peer.EventAsync("connected", e => e.Text("peer") == survivor);
        output.WriteLine($"the peer was connected with the other gateway after {moved.MillisecondsSince(start):0} ms");
        var ping = cluster.Ping(gateway: 0, count: 3);
        (await ping.ExitAsync()).Should().Be(0, ping.ToString());
        ping.Error.Should().BeEmpty();
        output.WriteLine($"a new ping through the other gateway was connected {(await ping.EventAsync("connected")).MillisecondsSince(start):0} ms after the kill");

        (await running.ExitAsync()).Should().Be(0, running.ToString());
        running.Events.Where(e => e.Name == "pong").Select(e => e.Number("seq")).Should().Equal(Enumerable.Range(1, 40));
        running.Error.Should().BeEmpty();
        cluster.Peer.Error.Should().BeEmpty();
        cluster.Gateways[0].Error.Should().BeEmpty();

        await Eventually.HoldsAsync(() => cluster.StatusAsync(), status => Load(status, survivor) == 1, "the peer is attached to the other gateway");
        output.WriteLine($"the status page showed it there after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
        await cluster.StatusAsync(gateways: 1, peers: 1);
        output.WriteLine($"the killed gateway had left the directory after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
    }

    private static int Load(JsonElement status, string gateway) =>
        status.GetProperty("gateways").EnumerateArray().Where(g => g.GetProperty("id").GetString() == gateway).Sum(g => g.GetProperty("load").GetInt32());
}
