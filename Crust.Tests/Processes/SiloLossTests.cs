using System.Diagnostics;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

[Trait("speed", "slow")]
public sealed class SiloLossTests(ProcessCluster cluster, ITestOutputHelper output) : IClassFixture<ProcessCluster>
{
    [Fact]
    public async Task KilledSilo_CostsNoMessage_AndComesBackWithoutHelp()
    {
        var running = cluster.Ping(gateway: 0, count: 40);
        await running.EventAsync("pong", e => e.Number("seq") == 5);
        var stored = (await cluster.StatusAsync(gateways: 2, peers: 2)).GetProperty("recordsStored").GetInt32();
        stored.Should().BeGreaterThanOrEqualTo(2, "the peer's record and the caller's");
        await cluster.Silo.KillAsync();

        (await running.ExitAsync()).Should().Be(0, running.ToString());
        running.Events.Where(e => e.Name == "pong").Select(e => e.Number("seq")).Should().Equal(Enumerable.Range(1, 40));
        running.Error.Should().BeEmpty();

        // The first gateway was asked for the peer before: it remembers, and takes a caller whom the cluster has never seen.
        var start = Stopwatch.GetTimestamp();
        var without = cluster.Ping(gateway: 0, count: 2);
        (await without.ExitAsync()).Should().Be(0, without.ToString());
        output.WriteLine($"without a silo: a new ping took {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms, of which connecting {(await without.EventAsync("connected")).Body.GetProperty("ms")}");

        start = Stopwatch.GetTimestamp();
        var ready = await cluster.StartSiloAsync();
        var atStart = await cluster.StatusAsync();
        atStart.GetProperty("recordsStored").GetInt32().Should().BeGreaterThanOrEqualTo(stored, "what was acknowledged is in the database");
        output.WriteLine($"the silo was ready again after {ready.MillisecondsSince(start):0} ms, with {atStart.GetProperty("recordsStored")} records");

        var status = await cluster.StatusAsync(gateways: 2, peers: 1);
        output.WriteLine($"2 gateways and the peer were attached again after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
        status.GetProperty("isHealthy").GetBoolean().Should().BeTrue();
        var again = cluster.Ping(gateway: 0, count: 2);
        (await again.ExitAsync()).Should().Be(0, again.ToString());
        again.Error.Should().BeEmpty();

        // All of them are the processes of the beginning, and had nothing to complain of.
        cluster.Gateways.SelectMany(g => g.Error).Should().BeEmpty();
        cluster.Peer.Error.Should().BeEmpty();
    }
}
