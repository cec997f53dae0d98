namespace Crust.Session;

/// <summary>
/// Bounds what is queued and retained together. One message is always admitted when nothing else is held, so the bound is
/// <c>max(limit, one message)</c>.
/// </summary>
internal sealed class SendBudget(long limit)
{
    private long _smallestRefused;

    /// <summary>The cost held now.</summary>
    internal long Used { get; private set; }

    /// <summary>Takes the cost; false when there is no room, which <see cref="TryAnnounceRoom"/> remembers.</summary>
    internal bool TryReserve(long cost)
    {
        if (HasRoom(cost))
        {
            Used += cost;
            return true;
        }

        _smallestRefused = _smallestRefused == 0 ? cost : Math.Min(_smallestRefused, cost);
        return false;
    }

    internal void Release(long cost) => Used -= cost;

    /// <summary>True once after a refusal, when the smallest of what was refused fits now.</summary>
    internal bool TryAnnounceRoom()
    {
        if (_smallestRefused == 0 || !HasRoom(_smallestRefused))
            return false;
        _smallestRefused = 0;
        return true;
    }

    private bool HasRoom(long cost) => Used == 0 || Used + cost <= limit;
}
