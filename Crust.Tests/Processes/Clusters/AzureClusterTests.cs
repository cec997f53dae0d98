using System.Diagnostics;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes.Clusters;

[Trait("speed", "slow")]
public sealed class AzureClusterTests(AzureCluster cluster, ITestOutputHelper output) : SharedClusterTests(cluster, output), IClassFixture<AzureCluster>
{
    /// <summary>How long things are away: the promise's time with CRUST_FULL, else as long as shows it.</summary>
    private static readonly TimeSpan StorageAway = Long(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(8)), SilosAway = Long(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(15));

    [Fact]
    public async Task StorageAway_SessionsAndLookUpsGoOn_NewRecordsAreRefused_AndAllReturnsByItself()
    {
        await using var client = Cluster.Connect();
        await client.WaitUntilConnectedAsync(CancellationToken.None).WaitAsync(Eventually.Soon);
        foreach (var isKilled in new[] { false, true })
        {
            await using var load = new ClusterLoad(client);
            await Eventually.HoldsAsync(() => load.Acknowledged.Count > 100, "the load runs", TimeSpan.FromSeconds(60));
            var ping = await Cluster.PingAsync(gateway: 0, count: 100);
            await ping.EventAsync("pong");
            var away = Stopwatch.GetTimestamp();
            await (isKilled ? Cluster.Storage.KillAsync() : Cluster.Storage.PauseAsync());
            try
            {
                await Eventually.HoldsAsync(() => load.Refused(away) > 0 && Stopwatch.GetElapsedTime(away) > StorageAway, "records are refused by name", 3 * StorageAway);
                var known = load.Acknowledged.Keys.First();
                (await client.GetRecordAsync(known, CancellationToken.None)).IsAvailable.Should().BeTrue("it is in memory");
                var during = await Cluster.PingAsync(gateway: 0, count: 2);
                (await during.ExitAsync()).Should().Be(0, during.ToString());
            }
            finally
            {
                await (isKilled ? Cluster.Storage.StartAsync() : Cluster.Storage.ResumeAsync());
            }

            var back = Stopwatch.GetTimestamp();
            var before = load.Acknowledged.Count;
            await Eventually.HoldsAsync(() => load.Acknowledged.Count > before + 50, "records are taken again");
            Output.WriteLine($"{(isKilled ? "killed" : "stopped")}: {load.Refused(away)} records refused; taken again {Stopwatch.GetElapsedTime(back).TotalSeconds:0.0} s after storage was back");
            await load.StopAsync();
            (await ping.ExitAsync()).Should().Be(0, ping.ToString());
            ping.Events.Count(e => e.Name == "pong").Should().Be(100);
            await Cluster.StatusAsync(silos: 3, gateways: 2, peers: 1);
            Cluster.Silos.Should().OnlyContain(silo => silo.Events.Count(e => e.Name == "ready") == 1, "nothing was restarted");
        }
    }

    [Fact]
    public async Task AllSilosDown_GatewaysServeOn_AndNewSilosAreFound()
    {
        var ping = await Cluster.PingAsync(gateway: 0, count: 100);
        await ping.EventAsync("pong");
        var killed = Stopwatch.GetTimestamp();
        foreach (var silo in Cluster.Silos)
            await silo.KillAsync();
        Cluster.Silos.Clear();
        (await ping.ExitAsync()).Should().Be(0, ping.ToString());
        ping.Events.Count(e => e.Name == "pong").Should().Be(100);
        // The first gateway was asked for the peer before: it remembers.
        var without = await Cluster.PingAsync(gateway: 0, count: 2);
        (await without.ExitAsync()).Should().Be(0, without.ToString());
        await Eventually.HoldsAsync(() => Stopwatch.GetElapsedTime(killed) > SilosAway, "the outage lasts", 2 * SilosAway);

        var back = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Cluster.StartSiloAsync()));
        Output.WriteLine($"three new silos were ready after {Stopwatch.GetElapsedTime(back).TotalSeconds:0.0} s");
        await Cluster.StatusAsync(silos: 3, gateways: 2, peers: 1);
        Output.WriteLine($"both gateways and the peer were attached again after {Stopwatch.GetElapsedTime(back).TotalSeconds:0.0} s");
    }

    [Fact]
    public async Task RollingRestart_FailsNoPing_AndNoRequest()
    {
        await using var client = Cluster.Connect();
        await client.WaitUntilConnectedAsync(CancellationToken.None).WaitAsync(Eventually.Soon);
        await using var load = new ClusterLoad(client);
        await Eventually.HoldsAsync(() => load.Acknowledged.Count > 50, "the load runs", TimeSpan.FromSeconds(60));
        var begun = Stopwatch.GetTimestamp();
        for (var i = 0; i < 3; i++)
        {
            var old = Cluster.Silos[0];
            await Cluster.StartSiloAsync();
            await Cluster.StatusAsync(silos: 4);
            Cluster.Silos.Remove(old);
            await old.TerminateAsync();
            (await old.ExitAsync()).Should().Be(0, old.ToString());
            await Cluster.StatusAsync(silos: 3, gateways: 2, peers: 1);
            var ping = await Cluster.PingAsync(gateway: 0, count: 3);
            (await ping.ExitAsync()).Should().Be(0, ping.ToString());
        }

        await load.StopAsync();
        Output.WriteLine($"three silos were replaced in {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s; {load.Unanswered(begun)} of {load.Succeeded} requests had no answer, {load.Refused(begun)} were refused");
        // On a machine that runs other tests too, an answer may be late; the promise is judged where it runs alone.
        load.Unanswered(begun).Should().BeLessThanOrEqualTo(IsFull ? 0 : (int)(load.Succeeded / 100));
        foreach (var (peer, record) in load.Acknowledged)
            (await client.GetRecordAsync(peer, CancellationToken.None)).Value.Should().Equal(record);
    }

    private static bool IsFull => Environment.GetEnvironmentVariable("CRUST_FULL") == "1";

    private static TimeSpan Long(TimeSpan promise, TimeSpan byDefault) => IsFull ? promise : byDefault;
}
