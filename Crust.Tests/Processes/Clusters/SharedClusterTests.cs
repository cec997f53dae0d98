using System.Diagnostics;
using Crust.Client;
using Crust.Grains.Abstractions;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes.Clusters;

/// <summary>
/// What a cluster of several silos promises when something of it dies, while 200 peers look one another up and ping. Deadlines are three times the promise; what was seen is told. A request has failed that
/// was refused or had no answer in 5 s.
/// </summary>
public abstract class SharedClusterTests(SharedCluster cluster, ITestOutputHelper output)
{
    private static readonly TimeSpan Failover = TimeSpan.FromSeconds(5), Presence = TimeSpan.FromSeconds(15), Pruned = TimeSpan.FromMinutes(1);

    /// <summary>How long things are away: the promise's time with CRUST_FULL, else as long as shows it.</summary>
    private static readonly TimeSpan StorageAway = Long(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(8)), SilosAway = Long(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(15));

    private protected SharedCluster Cluster { get; } = cluster.Required();

    private protected ITestOutputHelper Output => output;

    [Fact]
    public async Task KilledSilo_FailsRequestsForSeconds_LosesNothingAcknowledged_AndPruningGoesOn()
    {
        await using var client = await ConnectAsync();
        await using var load = new ClusterLoad(client);
        var ping = await Cluster.PingAsync(gateway: 0, count: 100);
        await ping.EventAsync("pong");
        var bystanders = await Cluster.StartBystandersAsync(gateway: 0, count: 8);
        HashSet<PeerId> mortals = [.. (await bystanders.EventAsync("ready")).Body.GetProperty("peers").EnumerateArray().Select(id => PeerId.Parse(id.GetString()!, null))];
        await Eventually.HoldsAsync(() => ToldAsync(client, mortals), told => told?.Count >= mortals.Count / 2, "most of the bystanders are told to others", TimeSpan.FromSeconds(90));
        await Eventually.HoldsAsync(() => load.Acknowledged.Count > 200, "the load runs");

        var victim = Cluster.Silos[0];
        Cluster.Silos.RemoveAt(0);
        var killed = Stopwatch.GetTimestamp();
        await victim.KillAsync();
        await bystanders.KillAsync();
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
        await Eventually.HoldsAsync(
            () => ToldAsync(client, mortals), told => told?.Count == 0, "peers that died with the silo are told to nobody", 3 * Pruned);
        output.WriteLine($"peers that died with it were told to nobody after {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s");

        await Cluster.StartSiloAsync();
        await Cluster.StatusAsync(silos: 3, gateways: 2, peers: Cluster.Attached);
        var crowd = await TellCrowdAsync(killed);
        crowd.LastFailureBegan(LoadTally.LookUp, killed).Should().BeLessThan(3 * Failover);
        crowd.Failed(LoadTally.Ping, killed).Should().Be(0);
    }

    [Fact]
    public async Task KilledGateway_IsGone_AndItsPeersAreElsewhere()
    {
        var ping = await Cluster.PingAsync(gateway: 0, count: 100);
        await ping.EventAsync("pong");
        await using var client = await ConnectAsync();
        var peer = PeerId.Parse((await Cluster.Peer.EventAsync("ready")).Text("peer"));
        var (survivor, victim) = (await IdAsync(0), await IdAsync(1));
        await Eventually.HoldsAsync(() => client.FindPresenceAsync(peer, CancellationToken.None), reply => reply.Value?.Gateway == victim, "the peer is at the second gateway");
        var killed = Stopwatch.GetTimestamp();
        await Cluster.Gateways[1].KillAsync();
        await Eventually.HoldsAsync(() => client.FindPresenceAsync(peer, CancellationToken.None), reply => reply.Value?.Gateway == survivor, "the peer is found at the first one", 3 * Presence);
        output.WriteLine($"its peer was found at the other gateway after {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s");
        var elsewhere = await Eventually.HoldsAsync(
            Cluster.Crowd.ReportAsync, report => report.Gateways.GetValueOrDefault($"{survivor}")?.Count == Cluster.Crowd.Count, "the crowd is attached to the first one", 3 * Presence);
        double[] moved = [.. elsewhere.Gateways[$"{survivor}"].Where(since => since > killed).Select(since => Stopwatch.GetElapsedTime(killed, since).TotalSeconds).Order()];
        output.WriteLine($"{moved.Length} more were attached to it after {moved[moved.Length / 2]:0.0} s in the middle and {moved[^1]:0.0} s at most");
        await Cluster.StatusAsync(gateways: 1, peers: Cluster.Attached, deadline: 3 * Presence);
        output.WriteLine($"it was gone from the directory after {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s");
        (await ping.ExitAsync()).Should().Be(0, ping.ToString());
        ping.Events.Count(e => e.Name == "pong").Should().Be(100);
        var again = await Cluster.PingAsync(gateway: 0, count: 2);
        (await again.ExitAsync()).Should().Be(0, again.ToString());
        // As it was, for the next test.
        Cluster.Gateways[1] = await Cluster.StartGatewayAsync();
        Cluster.Gateways.RemoveAt(2);
        await Cluster.StatusAsync(gateways: 2);
        var crowd = await TellCrowdAsync(killed);
        crowd.LastFailureBegan(LoadTally.Ping, killed).Should().BeLessThan(3 * Presence);
        crowd.LastFailureBegan(LoadTally.LookUp, killed).Should().BeLessThan(3 * Presence);
    }

    [Fact]
    public async Task StorageAway_SessionsAndLookUpsGoOn_NewRecordsAreRefused_AndAllReturnsByItself()
    {
        await using var client = await ConnectAsync();
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
            output.WriteLine($"{(isKilled ? "killed" : "stopped")}: {load.Refused(away)} records refused; taken again {Stopwatch.GetElapsedTime(back).TotalSeconds:0.0} s after storage was back");
            await load.StopAsync();
            (await ping.ExitAsync()).Should().Be(0, ping.ToString());
            ping.Events.Count(e => e.Name == "pong").Should().Be(100);
            await Cluster.StatusAsync(silos: 3, gateways: 2, peers: Cluster.Attached);
            Cluster.Silos.Should().OnlyContain(silo => silo.Events.Count(e => e.Name == "ready") == 1, "nothing was restarted");
            var crowd = await TellCrowdAsync(away);
            crowd.Failures.Where(f => f.Started >= away).Should().BeEmpty("what is in memory is served from there");
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
        foreach (var path in new[] { "any", "relay" })
        {
            var without = await Cluster.PingAsync(gateway: 0, count: 2, path);
            (await without.ExitAsync()).Should().Be(0, without.ToString());
        }

        await Eventually.HoldsAsync(() => Stopwatch.GetElapsedTime(killed) > SilosAway, "the outage lasts", 2 * SilosAway);
        var back = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Cluster.StartSiloAsync()));
        output.WriteLine($"three new silos were ready after {Stopwatch.GetElapsedTime(back).TotalSeconds:0.0} s");
        await Cluster.StatusAsync(silos: 3, gateways: 2, peers: Cluster.Attached);
        output.WriteLine($"both gateways and all peers were attached again after {Stopwatch.GetElapsedTime(back).TotalSeconds:0.0} s");
        var crowd = await TellCrowdAsync(killed);
        crowd.Failed(LoadTally.Ping, killed).Should().Be(0);
        crowd.Failures.Where(f => f.Kind == LoadTally.LookUp && f.Why == LoadTally.NoAnswer && f.Started >= killed).Select(f => Stopwatch.GetElapsedTime(killed, f.Started))
            .Should().NotContain(after => after >= 3 * Failover, "gateways answer for themselves");
        crowd.Failed(LoadTally.LookUp, killed).Should().BeLessThan(Cluster.Crowd.Count / 2, "gateways remember whom they were asked for");
    }

    [Fact]
    public async Task RollingRestart_FailsNoPing_AndLosesNothing()
    {
        await using var client = await ConnectAsync();
        await using var load = new ClusterLoad(client);
        await Eventually.HoldsAsync(() => load.Acknowledged.Count > 50, "the load runs", TimeSpan.FromSeconds(60));
        var begun = Stopwatch.GetTimestamp();
        for (var i = 0; i < 3; i++)
        {
            var old = Cluster.Silos[0];
            var step = Stopwatch.GetTimestamp();
            await Cluster.StartSiloAsync();
            await Cluster.StatusAsync(silos: 4);
            var started = Stopwatch.GetElapsedTime(step).TotalSeconds;
            Cluster.Silos.Remove(old);
            await old.TerminateAsync();
            (await old.ExitAsync()).Should().Be(0, old.ToString());
            var stopped = Stopwatch.GetElapsedTime(step).TotalSeconds;
            await Cluster.StatusAsync(silos: 3, gateways: 2, peers: Cluster.Attached);
            output.WriteLine($"a silo was started after {started:0.0} s, its predecessor stopped after {stopped:0.0} s, everybody there after {Stopwatch.GetElapsedTime(step).TotalSeconds:0.0} s");
            var ping = await Cluster.PingAsync(gateway: 0, count: 3);
            (await ping.ExitAsync()).Should().Be(0, ping.ToString());
        }

        await load.StopAsync();
        output.WriteLine($"three silos were replaced in {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s; {load.Unanswered(begun)} of {load.Succeeded} requests had no answer, {load.Refused(begun)} were refused {load.Failures(begun)}");
        var crowd = await TellCrowdAsync(begun);
        crowd.Failures.Where(f => f.Started >= begun).Should().BeEmpty();
        // What is promised is that peers notice nothing. A service's registrations of new peers wait while a silo joins and takes over its part of the grain directory: on two cores that do everything
        // else as well this took longer than a request's time in two of three runs, once for each of the load's loops.
        load.Unanswered(begun).Should().BeLessThanOrEqualTo(Math.Max(3 * ClusterLoad.Loops, (int)(load.Succeeded / 1000)), load.Failures(begun));
        foreach (var (peer, record) in load.Acknowledged)
            (await client.GetRecordAsync(peer, CancellationToken.None)).Value.Should().Equal(record);
    }

    private protected static bool IsFull => Environment.GetEnvironmentVariable("CRUST_FULL") == "1";

    private protected static TimeSpan Long(TimeSpan promise, TimeSpan byDefault) => IsFull ? promise : byDefault;

    private async Task<CrustClusterClient> ConnectAsync()
    {
        var client = Cluster.Connect();
        await client.WaitUntilConnectedAsync(CancellationToken.None).WaitAsync(Eventually.Soon);
        return client;
    }

    /// <summary>What became of the crowd's requests since a moment. Whatever died: nothing that was sent is lost, repeated or out of turn, and no connection ends.</summary>
    private async Task<CrowdReport> TellCrowdAsync(long since)
    {
        // All that were begun meanwhile are answered or have failed.
        var now = Stopwatch.GetTimestamp();
        await Eventually.HoldsAsync(() => Stopwatch.GetElapsedTime(now) > LoadTally.Patience, "patience is over");
        var crowd = await Cluster.Crowd.ReportAsync();
        output.WriteLine($"the crowd since the start of the cluster: {crowd.Tell(since)}");
        crowd.OutOfTurn.Should().Be(0, Promise.OnceAndInOrder);
        crowd.EndedSessions.Should().BeEmpty();
        crowd.LatePings.Should().Be(crowd.Failed(LoadTally.Ping, 0), "what was late has come by now");
        return crowd;
    }

    /// <summary>Those of some peers that the bootstrap cache tells to others; null while some of it does not answer.</summary>
    private static async Task<(int Count, string Entries)?> ToldAsync(CrustClusterClient client, HashSet<PeerId> peers)
    {
        var told = new List<BootstrapEntry>();
        for (var shard = 0; shard < GrainKeys.BootstrapShardCount; shard++)
        {
            if (!(await client.ReadBootstrapAsync(shard, 0, CancellationToken.None)).TryGet(out var read) || read is null)
                return null;
            told.AddRange(read.Entries.Where(entry => entry.IsSampled(DateTimeOffset.UtcNow) && PeerRecord.TryVerify(entry.SignedRecord, client.Network, out var record) && peers.Contains(record!.Peer)));
        }

        return (told.Count, string.Join(", ", told));
    }

    private async Task<PeerId> IdAsync(int gateway) => PeerId.Parse((await Cluster.Gateways[gateway].EventAsync("ready")).Text("peer"));
}
