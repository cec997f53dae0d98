using Crust.Identity;

namespace Crust.Discovery.Bootstrap;

/// <summary>A directly reachable node that is remembered. Immutable.</summary>
/// <param name="Peer">Who.</param>
/// <param name="Kind">What it is good for.</param>
/// <param name="Addresses">Where, the best first; 1 to <see cref="BootstrapCache.MaxAddresses"/>.</param>
/// <param name="Told">When somebody last told of it, or it was reached.</param>
/// <param name="Reached">When this node last reached it; null: never.</param>
/// <param name="Successes">How often.</param>
/// <param name="Failures">Vain tries since.</param>
internal sealed record CachedNode(
    PeerId Peer, CachedNodeKind Kind, IReadOnlyList<PeerAddress> Addresses, DateTimeOffset Told, DateTimeOffset? Reached, int Successes, int Failures)
{
    /// <summary>A success is worth half after this time. Ours: hosts move within weeks.</summary>
    private static readonly TimeSpan HalfLife = TimeSpan.FromDays(7);

    /// <summary>Successes beyond this number say no more.</summary>
    private const int MaxCounted = 10;

    /// <summary>How likely it is to be there: from what it did, how long ago that was, and how often it was tried in vain since. Above 0; about 1 for one that was only told of just now.</summary>
    internal double Score(DateTimeOffset now)
    {
        var age = now - (Reached ?? Told);
        var freshness = Math.Pow(0.5, Math.Max(0, age / HalfLife));
        return freshness * (1 + Math.Min(Successes, MaxCounted)) / (1 + 3 * Failures);
    }
}
