using System.Diagnostics.CodeAnalysis;
using Crust.Primitives;

namespace Crust.Session.Sending;

/// <summary>
/// Entries that were never written. Priorities are strict; within one, messages and streams share alike, and so do the protocols among the messages and
/// the streams among themselves; within a protocol, and within a stream, order holds. Messages of priority 2 and 3 grow stale.
/// </summary>
internal sealed class SendScheduler
{
    /// <summary>From this priority on, a message that waits too long is dropped.</summary>
    internal const byte FirstStalePriority = 2;

    private readonly TimeSpan _maxAge;
    private readonly SendRing[] _messages = NewRings();
    private readonly SendRing[] _streams = NewRings();
    private readonly HashSet<SendFlow> _mayGrowStale = [];
    private readonly List<SendFlow> _emptied = [];
    private readonly HashSet<SendFlow> _known = [];

    internal SendScheduler(TimeSpan maxAge) => _maxAge = maxAge;

    /// <summary>Entries that wait.</summary>
    internal int Count { get; private set; }

    /// <summary>When the oldest message that can grow stale does so, or somewhat before.</summary>
    internal Instant? Deadline { get; private set; }

    internal void Enqueue(OutboundEntry entry)
    {
        var flow = entry.Stream?.Flow ?? entry.Protocol.Flow(entry.Priority);
        flow.Entries.Add(entry);
        // Messages' flows live as long as the session; a stream's goes with it.
        if (flow.Entries.Count == 1 && flow.Stream is null)
            _known.Add(flow);
        Count++;
        Activate(flow, entry);
        if (entry.Kind != EntryKind.Message || entry.Priority < FirstStalePriority)
            return;
        _mayGrowStale.Add(flow);
        Deadline ??= entry.QueuedAt + _maxAge;
    }

    /// <summary>A stream's credit rose: its flow may go on.</summary>
    internal void Activate(SendFlow flow)
    {
        if (flow.Entries.Count > 0)
            Activate(flow, flow.Entries[0]);
    }

    /// <summary>The next entry of a priority that credit lets begin.</summary>
    internal bool TryPeek(int priority, bool messageCredit, bool streamCredit, [NotNullWhen(true)] out OutboundEntry? entry)
    {
        var messages = messageCredit ? Eligible(_messages[priority]) : null;
        var streams = streamCredit ? Eligible(_streams[priority]) : null;
        var flow = messages is null || (streams is not null && _streams[priority].Served < _messages[priority].Served) ? streams : messages;
        entry = flow?.Entries[0];
        return entry is not null;
    }

    /// <summary>Takes the entry that was just peeked.</summary>
    internal void Take(OutboundEntry entry)
    {
        var ring = Ring(entry);
        var flow = ring.Current!;
        _ = flow.Entries.TryTake(out _);
        Count--;
        if (flow.Entries.Count == 0)
        {
            ring.Served += entry.Cost;
            ring.RemoveCurrent();
        }
        else
        {
            ring.Charge(entry.Cost);
        }
    }

    /// <summary>Takes a message that has waited too long.</summary>
    internal bool TryTakeStale(Instant now, [NotNullWhen(true)] out OutboundEntry? stale)
    {
        stale = null;
        if (Deadline is not { } deadline || now < deadline)
            return false;
        Deadline = null;
        foreach (var flow in _mayGrowStale)
        {
            if (flow.Entries.Count == 0)
            {
                _emptied.Add(flow);
                continue;
            }

            var due = flow.Entries[0].QueuedAt + _maxAge;
            if (due <= now)
            {
                // More may be stale: the deadline stays where it was.
                _ = flow.Entries.TryTake(out stale);
                Count--;
                Deadline = deadline;
                break;
            }

            Deadline = Instant.Earlier(Deadline, due);
        }

        foreach (var flow in _emptied)
            _mayGrowStale.Remove(flow);
        _emptied.Clear();
        return stale is not null;
    }

    /// <summary>Takes any entry, in no particular order of flows: the session is over.</summary>
    internal bool TryTakeAny([NotNullWhen(true)] out OutboundEntry? entry)
    {
        for (var priority = 0; priority < WireLimits.PriorityCount; priority++)
        {
            if (TryTakeAny(_messages[priority], out entry) || TryTakeAny(_streams[priority], out entry))
                return true;
        }

        entry = null;
        return false;
    }

    /// <summary>The session is idle: lets the arrays of its flows go.</summary>
    internal void Trim()
    {
        foreach (var flow in _known)
            flow.Entries.TrimWhenEmpty();
        _known.Clear();
    }

    /// <summary>Removes what waits of a stream and returns it to <paramref name="removed"/>: the stream was reset.</summary>
    internal void Discard(SendFlow flow, List<OutboundEntry> removed)
    {
        while (flow.Entries.TryTake(out var entry))
        {
            Count--;
            removed.Add(entry);
        }
    }

    private static SendRing[] NewRings() => [new(), new(), new(), new()];

    private SendRing Ring(OutboundEntry entry) => (entry.Kind == EntryKind.Message ? _messages : _streams)[entry.Priority];

    /// <summary>A ring that was idle does not make up for the time it did not want.</summary>
    private void Activate(SendFlow flow, OutboundEntry entry)
    {
        var ring = Ring(entry);
        if (ring.IsEmpty)
            ring.Served = Math.Max(ring.Served, (entry.Kind == EntryKind.Message ? _streams : _messages)[entry.Priority].Served);
        ring.Add(flow);
    }

    /// <summary>The flow whose turn it is and whose own credit lets it; those without credit leave until it rises.</summary>
    private static SendFlow? Eligible(SendRing ring)
    {
        while (ring.Current is { } flow)
        {
            if (flow.Entries.Count > 0 && (flow.Stream is null || flow.Stream.MaySend(flow.Entries[0])))
                return flow;
            ring.RemoveCurrent();
        }

        return null;
    }

    private bool TryTakeAny(SendRing ring, [NotNullWhen(true)] out OutboundEntry? entry)
    {
        entry = null;
        while (ring.Current is { } flow)
        {
            if (flow.Entries.TryTake(out entry))
            {
                Count--;
                return true;
            }

            ring.RemoveCurrent();
        }

        return false;
    }
}
