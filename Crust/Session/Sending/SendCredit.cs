namespace Crust.Session.Sending;

/// <summary>What the remote lets us send of one kind (messages, or streams): a sum of cost since the session began.</summary>
internal sealed class SendCredit
{
    private long _limit = WireLimits.InitialWindow;
    private long _spent;

    internal long Available => _limit - _spent - Returned;

    /// <summary>What we gave back since the session began.</summary>
    internal long Returned { get; private set; }

    /// <summary>What was spent since the session began. Never falls.</summary>
    internal long Spent => _spent;

    /// <summary>True when an entry may begin: its overhead, and the code of a reset or stop, which is never cut.</summary>
    internal bool MayBegin => Available >= WireLimits.EntryOverhead + sizeof(ulong);

    /// <summary>Takes the sum that the remote announced; false when it takes something back.</summary>
    internal bool TryRaise(long limit)
    {
        if (limit < _limit)
            return false;
        _limit = limit;
        return true;
    }

    /// <summary>Gives back what a new session would not have; false when there is no more than that.</summary>
    internal bool TryReturnSurplus()
    {
        var surplus = Available - WireLimits.InitialWindow;
        if (surplus <= 0)
            return false;
        Returned += surplus;
        return true;
    }

    internal void Spend(long cost) => _spent += cost;
}
