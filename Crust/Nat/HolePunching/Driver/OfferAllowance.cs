using Crust.Primitives;

namespace Crust.Nat.HolePunching.Driver;

/// <summary>How often a session's peer may make us punch: each attempt sends some hundred datagrams where it says.</summary>
internal sealed class OfferAllowance
{
    private readonly TokenBucket _rate = new(perSecond: 0.2, burst: 6);

    /// <summary>Whether the last attempt failed.</summary>
    internal bool HasFailed { get; set; }

    internal bool TryTake(Instant now) => _rate.TryTake(now);
}
