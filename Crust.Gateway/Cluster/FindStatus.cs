namespace Crust.Gateway.Cluster;

/// <summary>Where the answer to a look-up comes from.</summary>
internal enum FindStatus
{
    /// <summary>The cluster, now.</summary>
    Found,

    /// <summary>The cluster, now: it knows no record and no attachment of that peer.</summary>
    NotFound,

    /// <summary>The cluster does not answer; this gateway saw the peer earlier. The record may be outdated, though it has not expired.</summary>
    Stale,

    /// <summary>The cluster does not answer, and this gateway knows nothing.</summary>
    Unavailable,
}
