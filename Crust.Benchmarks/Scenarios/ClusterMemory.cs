using System.Globalization;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// What an attached peer costs the cluster: (resident memory of the silo after − before) / peers, after compacting collections, with processes of its own for
/// each round. Peers are announced by four gateways as after the loss of a zone, and stay attached. The rival's hash holds the same statements.
/// </summary>
internal static class ClusterMemory
{
    private const int GatewayCount = 4;

    /// <summary>Attached before the first measurement, so that code and pools are not counted.</summary>
    private const int WarmUp = 2_000;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    internal static BenchmarkCase Case(string name, int peers, bool isOnRequest = false)
    {
        var (ours, theirs) = (0.0, 0.0);
        return new BenchmarkCase(
            name, "redis", $"resident memory at {peers.ToString("N0", CultureInfo.InvariantCulture)} peers", "B/peer",
            async () => ours = await OursAsync(peers), async () => theirs = await TheirsAsync(peers))
        {
            LessIsBetter = true,
            IsAlwaysCold = true,
            IsOnRequest = isOnRequest,
            MaxRounds = 1,
            Remark = () => peers >= 1_000_000
                ? string.Create(CultureInfo.InvariantCulture, $"in all {ours * peers / 1e9:0.00} GB, redis {theirs * peers / 1e9:0.00} GB")
                : string.Create(CultureInfo.InvariantCulture, $"a million extrapolated from this: {ours / 1e3:0.00} GB, redis {theirs / 1e3:0.00} GB"),
        };
    }

    private static async Task<double> OursAsync(int peers)
    {
        await using var silo = await ClusterSilo.StartAsync();
        var gateways = new List<ClusterGateway>();
        try
        {
            gateways.Add(await HoldAndStartAsync(silo, WarmUp));
            await UntilAttachedAsync(gateways[0], WarmUp);
            var before = await silo.CompactAsync();
            for (var i = 0; i < GatewayCount; i++)
                gateways.Add(await HoldAndStartAsync(silo, peers / GatewayCount));
            await UntilAttachedAsync(gateways[0], WarmUp + peers);
            return (double)(await silo.CompactAsync() - before) / peers;
        }
        finally
        {
            foreach (var gateway in gateways)
                await gateway.DisposeAsync();
        }
    }

    private static Task<ClusterGateway> HoldAndStartAsync(ClusterSilo silo, int peers)
    {
        var gateway = ClusterGateway.Create(silo.GatewayPort);
        gateway.Hold(ClusterPeer.Create(ClusterSilo.Network, peers, gateway.Id));
        return gateway.StartAsync();
    }

    /// <summary>Waits until the zones' tables have so many.</summary>
    private static async Task UntilAttachedAsync(ClusterGateway gateway, int peers)
    {
        while (gateway.Link.Directory.AttachedPeers < peers)
            await Task.Delay(Poll);
    }

    private static async Task<double> TheirsAsync(int peers)
    {
        await using var redis = await RedisHash.StartAsync(GatewayCount);
        using var gateway = Identity.PeerIdentity.Create();
        var warm = ClusterPeer.Create(ClusterSilo.Network, WarmUp, gateway.Id);
        await InParallel.RunAsync(WarmUp, 256, i => redis.StoreAsync(warm[i]));
        var before = redis.ResidentBytes;
        var all = ClusterPeer.Create(ClusterSilo.Network, peers, gateway.Id);
        await InParallel.RunAsync(peers, 256, i => redis.StoreAsync(all[i]));
        return (double)(redis.ResidentBytes - before) / peers;
    }
}
