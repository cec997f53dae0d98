namespace Crust.Gateway.Cluster;

/// <summary>What became of an introduction.</summary>
internal enum IntroduceOutcome
{
    /// <summary>It waits for the target's gateway, which calls in all the time.</summary>
    Queued,

    /// <summary>The target is attached nowhere.</summary>
    NotAttached,

    /// <summary>The target's gateway has too many commands waiting: try again later.</summary>
    Busy,

    /// <summary>The target's gateway has gone silent.</summary>
    GatewayAway,

    /// <summary>The caller's fault: the record or attempt id is malformed.</summary>
    Invalid,

    /// <summary>The cluster does not answer.</summary>
    Unavailable,
}
