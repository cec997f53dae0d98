using System.Diagnostics;
using System.Text.Json;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary>Gateways that are replaced one after the other, each drained first: what operators do to upgrade them.</summary>
[Trait("speed", "slow")]
public sealed class RollingGatewaysTests(ProcessCluster cluster, ITestOutputHelper output) : IClassFixture<ProcessCluster>
{
    private static readonly TimeSpan Moved = 3 * TimeSpan.FromSeconds(15);

    [Fact]
    public async Task RollingRestart_OfDrainedGateways_FailsNoPing()
    {
        var direct = cluster.Ping(gateway: 0, count: 400);
        var relayed = cluster.Crust("ping", cluster.PeerId, "--bootstrap", cluster.GatewayAddresses[0], "--path", "relay", "--count", "400", "--interval", "0.1", "--json");
        await direct.EventAsync("pong", e => e.Number("seq") == 5);
        await relayed.EventAsync("pong", e => e.Number("seq") == 5);
        foreach (var gateway in new[] { 1, 0 })
        {
            var id = await cluster.GatewayIdAsync(gateway);
            var start = Stopwatch.GetTimestamp();
            await cluster.AdminAsync("drain", id);
            await Eventually.HoldsAsync(() => cluster.StatusAsync(), status => Gateway(status, id) is { } entry && entry.GetProperty("load").GetInt32() == 0, "it is empty", Moved);
            var empty = Stopwatch.GetElapsedTime(start);
            await cluster.RestartGatewayAsync(gateway);
            await cluster.AdminAsync("undrain", id);
            await Eventually.HoldsAsync(
                () => cluster.StatusAsync(), status => Gateway(status, id) is { } entry && !entry.GetProperty("draining").GetBoolean() && entry.GetProperty("lastHeardSeconds").GetDouble() < 3, "it is back");
            output.WriteLine($"gateway {gateway}: empty {empty.TotalSeconds:0.0} s after the command was started, back and open after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
        }

        foreach (var (ping, name) in new[] { (direct, "direct"), (relayed, "relayed") })
        {
            (await ping.ExitAsync()).Should().Be(0, ping.ToString());
            ping.Error.Should().BeEmpty();
            var pongs = ping.Events.Where(e => e.Name == "pong").ToList();
            pongs.Select(e => e.Number("seq")).Should().Equal(Enumerable.Range(1, 400));
            output.WriteLine($"{name}: longest time between two pongs {pongs.Zip(pongs.Skip(1), (a, b) => b.MillisecondsSince(a.Timestamp)).Max():0} ms, of which 100 are meant");
        }

        cluster.Peer.Error.Should().BeEmpty();
    }

    private static JsonElement? Gateway(JsonElement status, string id)
    {
        foreach (var entry in status.GetProperty("gateways").EnumerateArray())
        {
            if (entry.GetProperty("id").GetString() == id)
                return entry;
        }

        return null;
    }
}
