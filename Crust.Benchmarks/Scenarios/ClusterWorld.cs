using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Crust.Gateway.Bootstrap;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Primitives.Driver;

namespace Crust.Benchmarks.Scenarios;

/// <summary>A silo with gateways and a Redis, side by side on this machine, and the same peers at both.</summary>
internal sealed class ClusterWorld : IAsyncDisposable
{
    /// <summary>Each has its connection, as in Redis' case.</summary>
    private const int GatewayCount = 2;

    /// <summary>Peers that are attached while something else is measured.</summary>
    private const int PeerCount = 10_000;

    /// <summary>Gateways that vouch for what is sampled: samples are diverse by them.</summary>
    private const int VoucherCount = 8;

    /// <summary>For how many each vouches, so that all shards are full.</summary>
    private const int SampledPerVoucher = GrainKeys.BootstrapShardCount * IBootstrapCacheGrain.MaxEntries / VoucherCount;

    private readonly ClusterSilo _silo;
    private readonly MonotonicClock _clock = new(TimeProvider.System);
    private readonly BootstrapView _view = new(ClusterSilo.Network);
    private readonly List<ClusterGateway> _vouchers = [];
    private ClusterPeer[] _peers = [];

    private ClusterWorld(ClusterSilo silo, ClusterGateway[] gateways, RedisHash redis) => (_silo, Gateways, Redis) = (silo, gateways, redis);

    internal ClusterGateway[] Gateways { get; }

    internal RedisHash Redis { get; }

    internal static async Task<ClusterWorld> StartAsync()
    {
        var silo = await ClusterSilo.StartAsync();
        var gateways = await Task.WhenAll(Enumerable.Range(0, GatewayCount).Select(_ => ClusterGateway.Create(silo.GatewayPort).StartAsync()));
        return new ClusterWorld(silo, gateways, await RedisHash.StartAsync(GatewayCount));
    }

    /// <summary>Attaches peers to both sides, once.</summary>
    internal async Task PopulateAsync()
    {
        if (_peers.Length > 0)
            return;
        var parts = Array.ConvertAll(Gateways, g => ClusterPeer.Create(ClusterSilo.Network, PeerCount / GatewayCount, g.Id));
        await Task.WhenAll(Gateways.Zip(parts, (gateway, part) => gateway.AttachAsync(part, 64)));
        _peers = [.. parts.SelectMany(part => part)];
        await InParallel.RunAsync(_peers.Length, 256, i => Redis.StoreAsync(_peers[i]));
    }

    /// <summary>A peer by the number of a call; neighbours in number are not neighbours anywhere else.</summary>
    internal PeerId PeerOf(int call) => _peers[(int)(unchecked((uint)call * 2_654_435_761u) % (uint)_peers.Length)].Id;

    /// <summary>Fills the bootstrap cache by what gateways report of their dials, and the rival's hash.</summary>
    internal async Task FillBootstrapAsync()
    {
        if (_view.Count > 0)
            return;
        _vouchers.AddRange(await Task.WhenAll(Enumerable.Range(0, VoucherCount).Select(i => ClusterGateway.CreateBeside(Gateways[i % GatewayCount]).StartAsync())));
        foreach (var (index, gateway) in _vouchers.Index())
        {
            var byShard = Enumerable.Range(0, GrainKeys.BootstrapShardCount).Select(_ => new List<(ClusterPeer Peer, BootstrapReport Report)>()).ToArray();
            for (var made = 0; byShard.Any(s => s.Count < SampledPerVoucher / byShard.Length); made++)
            {
                using var identity = PeerIdentity.Create();
                var shard = byShard[GrainKeys.BootstrapShardOf(identity.Id)];
                if (shard.Count == SampledPerVoucher / byShard.Length)
                    continue;
                // No prefix may have more than a few.
                var endPoint = new IPEndPoint(new IPAddress([(byte)(11 + made % 80), (byte)(made / 80), 3, (byte)(1 + index)]), 4000);
                var peer = ClusterPeer.Create(ClusterSilo.Network, identity, gateway.Id, endPoint, PeerCapabilities.AcceptsBootstrap);
                var proof = new ReachabilityProof(gateway.Id, peer.Id, peer.Sequence, 1, 1, true, _clock.UnixMilliseconds);
                shard.Add((peer, new BootstrapReport(proof.Sign(gateway.Identity, ClusterSilo.Network), peer.SignedRecord, peer.SignedAttachment)));
            }

            for (var shard = 0; shard < byShard.Length; shard++)
            {
                foreach (var batch in byShard[shard].Chunk(IBootstrapCacheGrain.MaxBatch))
                {
                    var results = await gateway.Link.ReportBootstrapAsync(shard, Array.ConvertAll(batch, b => b.Report), CancellationToken.None);
                    if (results?.All(r => r == BootstrapResult.Proven) != true)
                        throw new InvalidOperationException($"A shard said {string.Join(", ", (results ?? []).Distinct())}.");
                    await Task.WhenAll(batch.Select(b => Redis.StoreSampledAsync(b.Peer)));
                }
            }
        }
    }

    /// <summary>Reads all shards, as a gateway does each 30 s, then takes samples of it for so long; samples a second.</summary>
    internal async Task<double> SampleAsync(TimeSpan duration, int count)
    {
        var started = Stopwatch.GetTimestamp();
        for (var shard = 0; shard < GrainKeys.BootstrapShardCount; shard++)
        {
            // As if all of it had changed.
            var (_, read) = await Gateways[0].Link.ReadBootstrapAsync(shard, 0, CancellationToken.None);
            _view.Set(shard, _view.BeginReading(shard).Reading, read ?? throw new InvalidOperationException("No answer."), _clock.Now);
        }

        var samples = 0;
        for (; Stopwatch.GetElapsedTime(started) < duration; samples++)
        {
            if (_view.Sample(count, _ => false, (ulong)samples, _clock.Now).Count < count)
                throw new InvalidOperationException("Too few.");
        }

        return samples / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>What a gateway says of itself, for the rival.</summary>
    internal static byte[] Heartbeat { get; } = RandomNumberGenerator.GetBytes(120);

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _vouchers.Concat(Gateways))
            await gateway.DisposeAsync();
        await _silo.DisposeAsync();
        await Redis.DisposeAsync();
    }
}
