namespace Crust.Tests.Older.Grains.Bootstrap;

/// <summary>Bounds and times of the bootstrap cache.</summary>
internal static class BootstrapRules
{
    /// <summary>Most entries of one prefix (a /16, or a /32 of IPv6) in a shard. Ours: a sixteenth.</summary>
    internal const int MaxPerPrefix = 16;

    /// <summary>Most entries that one gateway vouches for in a shard. Ours: half, so that with a single gateway the cache is still 2,048 peers.</summary>
    internal const int MaxPerVoucher = 128;

    /// <summary>Failures in a row after which an entry goes. Ours: a host that restarts is back by then.</summary>
    internal const int MaxFailures = 3;

    /// <summary>An entry that nobody dialled for this long goes: its gateways are gone, or their way to the cluster.</summary>
    internal static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(30);

    /// <summary>How often a shard looks for entries that have aged.</summary>
    internal static readonly TimeSpan PrunePeriod = TimeSpan.FromSeconds(10);

    /// <summary>How often a changed shard is written, at most. What a lost silo had not written, gateways tell again within a minute or two.</summary>
    internal static readonly TimeSpan WritePeriod = TimeSpan.FromSeconds(30);

    /// <summary>How often the shard learns which gateways live.</summary>
    internal static readonly TimeSpan DirectoryPeriod = TimeSpan.FromSeconds(5);
}
