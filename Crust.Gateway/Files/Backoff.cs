namespace Crust.Gateway.Files;

/// <summary>When to try to reach a peer again: a quarter of a second, then twice as long each time up to 5 s, until the limit has passed.</summary>
/// <param name="limit">How long after the connection was lost trying makes sense.</param>
internal sealed class Backoff(TimeSpan limit)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250), Longest = TimeSpan.FromSeconds(5);

    private TimeSpan _next = First;

    /// <summary>How long to wait before the next try; null when it would come too late.</summary>
    internal TimeSpan? Next(TimeSpan sinceLost)
    {
        if (sinceLost >= limit)
            return null;
        var wait = _next < limit - sinceLost ? _next : limit - sinceLost;
        _next = _next * 2 < Longest ? _next * 2 : Longest;
        return wait;
    }

    /// <summary>The peer was reached.</summary>
    internal void Reset() => _next = First;
}
