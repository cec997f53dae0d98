namespace Crust.Discovery.Routing;

/// <summary>Sizes, bounds and times of the routing table and of look-ups.</summary>
internal static class RoutingLimits
{
    /// <summary>Peers in a bucket, and in an answer: Kademlia's k, 20 as in its paper: so many that all of a bucket hardly ever leave within an hour.</summary>
    internal const int BucketSize = 20;

    /// <summary>Peers that wait for a place in a full bucket, the newest kept. Ours.</summary>
    internal const int Replacements = 10;

    /// <summary>Requests of a look-up under way: Kademlia's α, 3 as in its paper.</summary>
    internal const int Parallelism = 3;

    /// <summary>Peers of one address prefix (/24, /56) in a bucket. Ours: ten prefixes at least in a full one.</summary>
    internal const int PrefixInBucket = 2;

    /// <summary>Peers of one address prefix in the whole table. Ours: half a bucket's worth in a table of ten buckets.</summary>
    internal const int PrefixInTable = 10;

    /// <summary>Peers in a bucket that list no public address, or were met at none: any number of these costs one host nothing, yet on a LAN there are no others.</summary>
    internal const int LocalInBucket = BucketSize / 2;

    /// <summary>Peers of one prefix that count among the nearest of a look-up.</summary>
    internal const int PrefixInLookup = 3;

    /// <summary>Peers without a public address that count among the nearest of a look-up.</summary>
    internal const int LocalInLookup = BucketSize / 2;

    /// <summary>Requests of one look-up. Ours: three times what it takes to ask the k nearest.</summary>
    internal const int LookupRequests = 64;

    /// <summary>Peers that one look-up keeps in mind.</summary>
    internal const int LookupCandidates = 256;

    /// <summary>Peers in a row of which each was told by the one before: log2 of more peers than there will be.</summary>
    internal const int LookupDepth = 32;

    /// <summary>Failures in a row after which a peer is dropped for which nobody waits; one that somebody waits for goes at the first.</summary>
    internal const int MaxFailures = 5;

    /// <summary>A request that takes longer makes room for another, and may still be answered. Ours: more than most round trips and handshakes take.</summary>
    internal static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(1);

    /// <summary>A request that takes longer has failed: a dial, its handshake and the answer.</summary>
    internal static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(6);

    /// <summary>Longest look-up.</summary>
    internal static readonly TimeSpan LookupTimeout = TimeSpan.FromSeconds(30);

    /// <summary>A bucket in which nobody was looked up for so long is refreshed: Kademlia's hour.</summary>
    internal static readonly TimeSpan RefreshInterval = TimeSpan.FromHours(1);

    /// <summary>A peer that was not heard of for so long is checked when it is its turn.</summary>
    internal static readonly TimeSpan CheckAge = TimeSpan.FromHours(1);

    /// <summary>A peer that was heard of within this time is not checked to make room for another.</summary>
    internal static readonly TimeSpan FreshAge = TimeSpan.FromMinutes(5);

    /// <summary>Between checks: each may take a dial and a handshake at both ends. Two buckets' worth in seven minutes.</summary>
    internal static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(10);
}
