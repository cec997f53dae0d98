using System.Diagnostics;
using System.Globalization;
using Crust.Gateway.Cluster;
using Crust.Identity;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// What the cluster carries: one silo in a process of its own, and two gateways' links in this one, over TCP, which do what every gateway does; beside Redis
/// with plain hashes. Both sides' clients share the machine with both servers. The other processes idle while one side is measured.
/// </summary>
internal static class ClusterScenario
{
    /// <summary>Peers in a sample: what a gateway tells who asks.</summary>
    private const int SampleSize = 20;

    /// <summary>Requests that wait for an answer at a time.</summary>
    private const int Callers = 1024;

    /// <summary>Peers that attach at a time: enough to fill storage's group commits.</summary>
    private const int Attaching = 128;

    private const int RegistrationsPerRound = 2_000;
    private const int ExchangingGateways = 32;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    internal static IEnumerable<BenchmarkCase> Cases()
    {
        if (RedisHash.Obstacle is { } obstacle)
        {
            Console.Error.WriteLine($"cluster is left out: {obstacle}");
            yield break;
        }

        var made = new Lazy<Task<ClusterWorld>>(ClusterWorld.StartAsync);
        try
        {
            yield return Registrations(made);
            yield return LookUps(made);
            yield return Latency(made);
            yield return Samples(made);
            yield return Heartbeats(made);
        }
        finally
        {
            if (made.IsValueCreated)
                made.Value.GetAwaiter().GetResult().DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        yield return ClusterMemory.Case("memory-1k", 1_000);
        yield return ClusterMemory.Case("memory-10k", 10_000);
        yield return ClusterMemory.Case("memory-100k", 100_000);
        yield return ClusterMemory.Case("memory-1m", 1_000_000, isOnRequest: true);
    }

    /// <summary>New peers attach: their records are on the disk and they are found when it counts.</summary>
    private static BenchmarkCase Registrations(Lazy<Task<ClusterWorld>> made) => new(
        "registrations", "redis", "new peers attached", "peers/s",
        async () =>
        {
            var gateways = (await made.Value).Gateways;
            var peers = Array.ConvertAll(gateways, g => ClusterPeer.Create(ClusterSilo.Network, RegistrationsPerRound / gateways.Length, g.Id));
            var started = Stopwatch.GetTimestamp();
            await Task.WhenAll(gateways.Zip(peers, (gateway, part) => gateway.AttachAsync(part, Attaching / gateways.Length)));
            return RegistrationsPerRound / Stopwatch.GetElapsedTime(started).TotalSeconds;
        },
        async () =>
        {
            var world = await made.Value;
            var peers = ClusterPeer.Create(ClusterSilo.Network, RegistrationsPerRound, world.Gateways[0].Id);
            return await InParallel.RunAsync(peers.Length, Attaching, i => world.Redis.AttachAsync(peers[i]));
        });

    /// <summary>Attached peers are looked up, each with its record and where it is attached.</summary>
    private static BenchmarkCase LookUps(Lazy<Task<ClusterWorld>> made) => new(
        "look-ups", "redis", "attached peers found", "look-ups/s",
        async () =>
        {
            var world = await PopulatedAsync(made);
            return await InParallel.RunAsync(Round, Callers, call => FindAsync(world, call));
        },
        async () =>
        {
            var world = await PopulatedAsync(made);
            return await InParallel.RunAsync(Round, Callers, call => world.Redis.FindAsync(world.PeerOf(call)));
        });

    /// <summary>Look-ups at a steady rate, half of what the same side did when it was asked as fast as it answers, just before.</summary>
    private static BenchmarkCase Latency(Lazy<Task<ClusterWorld>> made)
    {
        var said = ("", "");
        return new BenchmarkCase(
            "latency", "redis", "99th percentile of look-ups at half load", "ms",
            async () =>
            {
                var world = await PopulatedAsync(made);
                (var tail, said.Item1) = await TailAsync(call => FindAsync(world, call));
                return tail;
            },
            async () =>
            {
                var world = await PopulatedAsync(made);
                (var tail, said.Item2) = await TailAsync(call => world.Redis.FindAsync(world.PeerOf(call)));
                return tail;
            })
        {
            LessIsBetter = true,
            Remark = () => $"in the last round {said.Item1}; redis {said.Item2}",
        };
    }

    /// <summary>Samples of the bootstrap cache, as a gateway takes them for peers that ask.</summary>
    private static BenchmarkCase Samples(Lazy<Task<ClusterWorld>> made) => new(
        "samples", "redis", $"samples of {SampleSize} peers", "samples/s",
        async () =>
        {
            var world = await made.Value;
            await world.FillBootstrapAsync();
            return await world.SampleAsync(Round, SampleSize);
        },
        async () =>
        {
            var world = await made.Value;
            return await InParallel.RunAsync(Round, Callers / 4, _ => world.Redis.SampleAsync(SampleSize));
        });

    /// <summary>
    /// Gateways' exchanges with their mailboxes, each of which keeps all peers of its gateway attached. A mailbox holds an exchange until there is something to
    /// tell, or the next one comes: here it comes at once.
    /// </summary>
    private static BenchmarkCase Heartbeats(Lazy<Task<ClusterWorld>> made)
    {
        var gateways = new Lazy<Task<ClusterGateway[]>>(async () =>
        {
            var world = await made.Value;
            return [.. Enumerable.Range(0, ExchangingGateways).Select(i => ClusterGateway.CreateBeside(world.Gateways[i % world.Gateways.Length]))];
        });
        return new BenchmarkCase(
            "heartbeats", "redis", "gateways' exchanges", "exchanges/s",
            async () =>
            {
                var all = await gateways.Value;
                var counts = await Task.WhenAll(all.Select(g => Task.Run(() => g.ExchangeAsync(Round))));
                return counts.Sum() / Round.TotalSeconds;
            },
            async () =>
            {
                var world = await made.Value;
                return await InParallel.RunAsync(Round, ExchangingGateways * 2, call => world.Redis.HeartbeatAsync(world.Gateways[call & 1].Id, ClusterWorld.Heartbeat));
            });
    }

    private static async Task<ClusterWorld> PopulatedAsync(Lazy<Task<ClusterWorld>> made)
    {
        var world = await made.Value;
        await world.PopulateAsync();
        return world;
    }

    private static async Task FindAsync(ClusterWorld world, int call)
    {
        var found = await world.Gateways[call % world.Gateways.Length].Link.FindAsync(world.PeerOf(call), CancellationToken.None);
        if (found is not { Status: FindStatus.Found, Lookup: { SignedRecord: not null, Presence: not null, Gateway: not null } })
            throw new InvalidOperationException($"The cluster said {found.Status}.");
    }

    private static async Task<(double Milliseconds, string Said)> TailAsync(Func<int, Task> call)
    {
        var rate = await InParallel.RunAsync(Round, Callers, call) / 2;
        var took = await InParallel.RunAtRateAsync(rate, Round, call);
        return (took[took.Length * 99 / 100], string.Create(CultureInfo.InvariantCulture, $"{rate:0}/s, median {took[took.Length / 2]:0.00} ms"));
    }
}
