namespace Crust.Session.Links;

/// <summary>Which of several links is worth more. The rules of the lower id; the higher follows.</summary>
internal static class LinkChoice
{
    /// <summary>Between links of one kind, less is not worth repeating everything for.</summary>
    private static readonly TimeSpan WorthwhileGain = TimeSpan.FromMilliseconds(10);

    /// <summary>Whether a link of the same kind as the active one has a round trip better by a fifth and 10 ms.</summary>
    internal static bool IsBetter(SessionLink link, SessionLink active) =>
        link.Rank == active.Rank
        && active.Heartbeat.Rtt.Smoothed is { } old
        && link.Heartbeat.Rtt.Smoothed is { } better
        && better < old * 0.8
        && old - better >= WorthwhileGain;

    /// <summary>Whether a link is to stay behind the active one: it is of a worse kind, and the only one of its kind.</summary>
    internal static bool IsStandby(SessionLink link, SessionLink active, List<SessionLink> links) =>
        link.Rank > active.Rank && !links.Exists(l => l != link && l != active && !l.IsCandidate && l.Rank == link.Rank);

    /// <summary>The first of the best kind; null when there is none.</summary>
    internal static SessionLink? Best(List<SessionLink> links)
    {
        SessionLink? best = null;
        foreach (var link in links)
        {
            if (!link.IsUnwanted && (best is null || link.Rank < best.Rank))
                best = link;
        }

        return best;
    }

    /// <summary>The one, but for the active, that was silent for longest.</summary>
    internal static SessionLink Stalest(List<SessionLink> links, SessionLink? active) =>
        links.Where(l => l != active).MinBy(l => l.Heartbeat.LastReceived)!;
}
