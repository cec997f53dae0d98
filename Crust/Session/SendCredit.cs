namespace Crust.Session;

/// <summary>What the remote admits us to send, and what of it is spent. Both are sums since the session began.</summary>
internal sealed class SendCredit
{
    private long _granted = WireLimits.FlowWindow;
    private long _spent;

    internal bool CanSpend(long cost) => cost <= _granted - _spent;

    /// <summary>Takes the cost of a message that gets its number; a resent one was paid for.</summary>
    internal void Spend(long cost)
    {
        if (!CanSpend(cost))
            throw new InvalidOperationException("No credit.");
        _spent += cost;
    }

    /// <summary>Takes the remote's word; false when it takes back what it gave.</summary>
    internal bool TryRaise(long granted)
    {
        if (granted < _granted)
            return false;
        _granted = granted;
        return true;
    }
}
