namespace Crust.Session.Sending;

/// <summary>
/// Bounds what is queued and retained together, of messages or of streams. Begins at <see cref="WireLimits.InitialWindow"/> and doubles when it holds
/// the path back: when it is full mostly of what waits for acknowledgement, and half as much was acknowledged since it last grew, so that a remote that takes
/// everything and acknowledges nothing makes it no larger. One entry is always admitted when nothing else is held, and counts as half the limit at most, so that
/// what is urgent does not wait behind it: the bound is <c>limit + one entry</c>.
/// </summary>
internal sealed class SendBudget(SessionLimits limits)
{
    private long _limit = WireLimits.InitialWindow;
    private long _smallestRefused;
    private long _acknowledged;
    private long _admittedAlone;
    private long _excess;

    /// <summary>The cost held now.</summary>
    internal long Used { get; private set; }

    /// <summary>Of it, what was written and waits for acknowledgement.</summary>
    internal long Retained { get; private set; }

    internal long Limit => _limit;

    /// <summary>True when a quarter is free.</summary>
    internal bool HasSomeRoom => Counted <= _limit - _limit / 4;

    private long Counted => Used - _excess;

    /// <summary>Takes the cost; false when there is no room, which <see cref="TryAnnounceRoom"/> remembers.</summary>
    internal bool TryReserve(long cost)
    {
        if (HasRoom(cost) || (IsHeldBack(cost) && TryGrow() && HasRoom(cost)))
        {
            if (Used == 0 && cost > _limit / 2)
                (_admittedAlone, _excess) = (cost, cost - _limit / 2);
            Used += cost;
            return true;
        }

        _smallestRefused = _smallestRefused == 0 ? cost : Math.Min(_smallestRefused, cost);
        return false;
    }

    /// <summary>Takes the cost whatever the room: for the few bytes that end something.</summary>
    internal void TakeAnyway(long cost) => Used += cost;

    /// <summary>So much of what is held was written.</summary>
    /// <returns>True when that made the budget grow for who was refused: <see cref="TryAnnounceRoom"/> is due.</returns>
    internal bool Retain(long cost)
    {
        Retained += cost;
        return _smallestRefused > 0 && IsHeldBack(_smallestRefused) && TryGrow();
    }

    /// <summary>Lets go of what was never written.</summary>
    internal void Release(long cost)
    {
        Used -= cost;
        // Of several that cost the same it may have been another one: nobody can tell the difference.
        if (cost == _admittedAlone)
            (_admittedAlone, _excess) = (0, 0);
    }

    /// <summary>Lets go of what was written and is acknowledged.</summary>
    internal void ReleaseRetained(long cost)
    {
        Release(cost);
        Retained -= cost;
        _acknowledged += cost;
    }

    /// <summary>True once after a refusal, when the smallest of what was refused fits and leaves a quarter free, or half is free: waiters come in crowds.</summary>
    internal bool TryAnnounceRoom()
    {
        if (_smallestRefused == 0 || !HasRoom(_smallestRefused) || (Counted > _limit / 2 && Counted + _smallestRefused > _limit - _limit / 4))
            return false;
        _smallestRefused = 0;
        return true;
    }

    /// <summary>The session is idle, or over: what was taken from the process's memory goes back.</summary>
    internal void Shrink()
    {
        limits.Memory.Release(_limit - WireLimits.InitialWindow);
        _limit = WireLimits.InitialWindow;
        (_acknowledged, _admittedAlone, _excess) = (0, 0, 0);
    }

    private bool TryGrow()
    {
        if (_limit * 2 > limits.MaxWindow || !limits.Memory.TryGrow(_limit))
            return false;
        _limit *= 2;
        _acknowledged = 0;
        return true;
    }

    /// <summary>True when there is no room, nearly all that holds it waits for acknowledgement (the path could take more), and the remote does acknowledge.</summary>
    private bool IsHeldBack(long cost) => !HasRoom(cost) && Retained + cost > _limit - _limit / 4 && _acknowledged >= _limit / 2;

    private bool HasRoom(long cost) => Used == 0 || Counted + cost <= _limit;
}
