namespace Crust.Session;

/// <summary>The bounds of one end of a session: ours to choose, the remote need not know them. What both must know is in <see cref="WireLimits"/>.</summary>
internal sealed record SessionLimits
{
    internal static SessionLimits Default { get; } = new();

    /// <summary>
    /// Largest window: what we let the remote have under way, of messages and again of streams, and what of ours may be queued and wait for
    /// acknowledgement. Each begins at <see cref="WireLimits.InitialWindow"/> and grows while the path can use more. Default 32 MiB: 1 Gbit/s over 250 ms.
    /// </summary>
    internal long MaxWindow { get; init; } = 32 << 20;

    /// <summary>Largest window of one stream. Default 8 MiB, so that one stream that nobody reads cannot take all.</summary>
    internal long MaxStreamWindow { get; init; } = 8 << 20;

    /// <summary>Where windows above the initial one come from; shared by the process. Default without a bound.</summary>
    internal MemoryBudget Memory { get; init; } = new(long.MaxValue / 2);

    /// <summary>
    /// How long a message of priority 2 or 3 may wait to be written before it is dropped and reported as <see cref="SessionEventKind.NotSent"/>.
    /// Default 60 s: half a suspended session, after which a news item of low priority is none.
    /// </summary>
    internal TimeSpan MaxQueueAge { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Silence of a link after which a PING is sent. Default 20 s: below the 30 s after which common NATs forget a UDP mapping.</summary>
    internal TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Silence on every link after which the session ends. Default 120 s: six heartbeats.</summary>
    internal TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How long the session may be without any link. Default and at most 120 s.</summary>
    internal TimeSpan SuspendTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>
    /// How long something may wait for its acknowledgement while nothing is acknowledged and nothing new written, or wait to be written to a link that takes nothing,
    /// before the session ends: a remote may show signs of life for ever and take no part. Default 300 s: a link that is silent until the idle timeout, a
    /// suspension, and a minute for the next link.
    /// </summary>
    internal TimeSpan ProgressTimeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>How long one link may carry the session before another, with keys of its own, is asked for. Default 24 h.</summary>
    internal TimeSpan MaxLinkAge { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Whether exports of received messages are possible: costs 32 bytes a message while it is handled. Default true.</summary>
    internal bool KeepEvidence { get; init; } = true;
}
