namespace Crust.Session.Sending;

/// <summary>Entries to be used again, as many as the session may have under way: what each costs beyond its payload covers them.</summary>
internal sealed class EntryPool
{
    private readonly Stack<OutboundEntry> _spare = new();

    internal OutboundEntry Take() => _spare.TryPop(out var entry) ? entry : new OutboundEntry();

    /// <param name="entry">Nobody's any more.</param>
    /// <param name="budget">What may be queued and wait for acknowledgement now, in cost.</param>
    internal void Return(OutboundEntry entry, long budget)
    {
        if (_spare.Count < budget / WireLimits.EntryOverhead)
            _spare.Push(entry);
    }

    /// <summary>The session is idle: holds nothing.</summary>
    internal void Trim()
    {
        _spare.Clear();
        _spare.TrimExcess();
    }
}
