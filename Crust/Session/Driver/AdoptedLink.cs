using Crust.Session.Admission;

namespace Crust.Session.Driver;

/// <summary>What became of a new link.</summary>
/// <param name="Session">The session that it carries now; null when it is surplus and must be closed.</param>
internal sealed record AdoptedLink(SessionDriver? Session)
{
    /// <summary>True when the link began the session.</summary>
    internal bool IsNew { get; init; }

    /// <summary>The session that goes on without the link, if that is why it is surplus.</summary>
    internal SessionDriver? Surviving { get; init; }

    /// <summary>The session that the peer lost, whether or not this link begins another; the caller ends it.</summary>
    internal SessionDriver? Outdated { get; init; }

    /// <summary>How the link's process stands to the one that had the open session: an older one is told why its link is surplus, a newer one's loser why it ends.</summary>
    internal EpochVerdict Epoch { get; init; }
}
