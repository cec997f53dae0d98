using Orleans.CodeGeneration;

namespace Crust.Grains.Abstractions;

/// <summary>
/// One shard of the network's bootstrap cache: directly reachable peers that accept to be told to others, each proven by dial-backs. Persisted. Gateways report what came of their dials and
/// read the shard each 30 s; nobody asks it for a peer. It believes nothing that the peer and a live gateway did not sign. Key: <see cref="GrainKeys.Bootstrap"/>.
/// </summary>
[Alias("crust.IBootstrapCacheGrain"), Version(1)]
public interface IBootstrapCacheGrain : IGrainWithStringKey
{
    /// <summary>Most reports in one call.</summary>
    const int MaxBatch = 64;

    /// <summary>Most entries of a shard. Ours: 16 shards hold 4,096 peers, and a full one less than 256 KiB.</summary>
    const int MaxEntries = 256;

    /// <summary>Longest signed record of an entry, in bytes. Ours: 16 addresses need 442; more is padding of whoever wants to fill the shard.</summary>
    const int MaxRecordLength = 512;

    /// <summary>Tells what came of dials. One result for each report, in order.</summary>
    [Alias("Report")]
    Task<BootstrapReply> ReportAsync(BootstrapReport[] batch);

    /// <summary>All entries of the shard; null when <paramref name="knownVersion"/> is its version. Fails while storage has not answered since the shard began.</summary>
    [Alias("Read")]
    Task<BootstrapShard?> ReadAsync(ulong knownVersion);
}
