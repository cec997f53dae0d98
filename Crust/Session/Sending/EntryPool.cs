namespace Crust.Session.Sending;

/// <summary>Entries to be used again, as many as a busy session has under way.</summary>
internal sealed class EntryPool
{
    /// <summary>Ours: 2 MiB of messages of 256 bytes.</summary>
    private const int MaxSpare = 8192;

    private readonly Stack<OutboundEntry> _spare = new();

    internal OutboundEntry Take() => _spare.TryPop(out var entry) ? entry : new OutboundEntry();

    internal void Return(OutboundEntry entry)
    {
        if (_spare.Count < MaxSpare)
            _spare.Push(entry);
    }

    /// <summary>The session is idle: holds nothing.</summary>
    internal void Trim()
    {
        _spare.Clear();
        _spare.TrimExcess();
    }
}
