namespace Crust.Session;

/// <summary>The bounds of one end of a session: ours to choose, the remote need not know them. What both must know is in <see cref="WireLimits"/>.</summary>
internal sealed record SessionLimits
{
    internal static SessionLimits Default { get; } = new();

    /// <summary>
    /// Cost (payload + <see cref="WireLimits.MessageOverhead"/> for each message) that may wait in the queue and for acknowledgement together.
    /// Default 4 MiB, one flow window: less would leave the remote's credit unused.
    /// </summary>
    internal long SendBudget { get; init; } = 4 << 20;

    /// <summary>
    /// How long a message of priority 2 or 3 may wait to be written before it is dropped and reported as <see cref="SessionEventKind.NotSent"/>.
    /// Default 60 s: half a suspended session, after which a news item of low priority is none.
    /// </summary>
    internal TimeSpan MaxQueueAge { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Silence after which a PING is sent. Default 20 s: below the 30 s after which common NATs forget a UDP mapping.</summary>
    internal TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Silence after which the session ends. Default 120 s: six heartbeats, and as long as a session may be without any link.</summary>
    internal TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(120);
}
