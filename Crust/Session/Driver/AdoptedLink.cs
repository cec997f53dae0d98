namespace Crust.Session.Driver;

/// <summary>What became of a new link.</summary>
/// <param name="Session">The session that it carries now; null when it is surplus and must be closed.</param>
internal sealed record AdoptedLink(SessionDriver? Session)
{
    /// <summary>True when the link began the session.</summary>
    internal bool IsNew { get; init; }

    /// <summary>The session that the peer lost, whether or not this link begins another; the caller ends it.</summary>
    internal SessionDriver? Outdated { get; init; }
}
