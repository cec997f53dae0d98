namespace Crust.Session.Sending;

/// <summary>Entries to be used again, as many as the session may have under way, and not more than a fast one has.</summary>
internal sealed class EntryPool
{
    /// <summary>Ours: 11 MiB of messages of 100 bytes, and 5 MiB of memory.</summary>
    private const int MaxSpare = 32_768;

    private readonly Stack<OutboundEntry> _spare = new();

    internal OutboundEntry Take() => _spare.TryPop(out var entry) ? entry : new OutboundEntry();

    /// <param name="entry">Nobody's any more.</param>
    /// <param name="budget">What may be queued and wait for acknowledgement now, in cost.</param>
    internal void Return(OutboundEntry entry, long budget)
    {
        if (_spare.Count < Math.Min(MaxSpare, budget / WireLimits.EntryOverhead))
            _spare.Push(entry);
    }

    /// <summary>The session is idle: holds nothing.</summary>
    internal void Trim()
    {
        _spare.Clear();
        _spare.TrimExcess();
    }
}
