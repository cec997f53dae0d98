using Crust.Primitives;

namespace Crust.Session.Links;

/// <summary>One link of a session, as the session sees it. The handle by which a driver names it.</summary>
/// <param name="rank">What kind of path it is.</param>
/// <param name="heartbeat">Its pings.</param>
/// <param name="since">When it was added.</param>
internal sealed class SessionLink(LinkRank rank, LinkHeartbeat heartbeat, Instant since)
{
    internal LinkRank Rank { get; } = rank;

    internal LinkHeartbeat Heartbeat { get; } = heartbeat;

    internal Instant Since { get; } = since;

    /// <summary>The driver's own object for it.</summary>
    internal object? Tag { get; set; }

    /// <summary>A nomination, or at the higher id its echo, to be written before anything else; 0 for none.</summary>
    internal uint NominationDue { get; set; }

    /// <summary>At the lower id: the echo before which nothing on this link counts; 0 for none.</summary>
    internal uint AwaitedEcho { get; set; }

    /// <summary>True when we ask for its nomination.</summary>
    internal bool IsRequestDue { get; set; }

    /// <summary>True while the first round trip decides whether it is worth more than the active link.</summary>
    internal bool IsCandidate { get; set; }

    /// <summary>True once it was given up: its driver closes it.</summary>
    internal bool IsUnwanted { get; set; }
}
