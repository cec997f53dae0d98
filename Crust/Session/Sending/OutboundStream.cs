using Crust.Session.Streams;

namespace Crust.Session.Sending;

/// <summary>One direction of a stream, where we send: how far the remote lets us go, what is queued, and how it ended.</summary>
internal sealed class OutboundStream
{
    /// <summary>
    /// Bytes that may wait in the queue before the application has to wait, at most: a stream that the remote does not read must not fill the session's
    /// budget. Ours.
    /// </summary>
    private const long MaxQueued = 256 << 10;

    private ulong _limit = WireLimits.InitialStreamWindow;

    internal OutboundStream(OutboundProtocol protocol, byte priority)
    {
        Protocol = protocol;
        Priority = priority;
        Flow = new SendFlow(this);
    }

    /// <summary>Given when the opening is first written; 0 before.</summary>
    internal ulong Id { get; set; }

    /// <summary>The stream of which this is one direction.</summary>
    internal SessionStream Owner { get; set; } = null!;

    internal OutboundProtocol Protocol { get; }

    internal byte Priority { get; }

    internal SendFlow Flow { get; }

    /// <summary>Bytes queued since it began.</summary>
    internal ulong QueuedThrough { get; private set; }

    /// <summary>Of them, bytes that were given to the link at least once.</summary>
    internal ulong WrittenThrough { get; private set; }

    /// <summary>True once a finish or reset was queued: nothing follows.</summary>
    internal bool IsEnded { get; private set; }

    /// <summary>True once that was acknowledged.</summary>
    internal bool IsDone { get; private set; }

    /// <summary>True when the application waits for room.</summary>
    internal bool IsAwaited { get; set; }

    /// <summary>Whether more may be queued: as much as an eighth of the budget of all streams, however small that is.</summary>
    internal bool HasRoom(SendBudget budget) => (long)(QueuedThrough - WrittenThrough) < Math.Min(MaxQueued, budget.Limit / 8);

    /// <summary>Whether the stream's own credit admits the entry.</summary>
    internal bool MaySend(OutboundEntry entry) => entry.Kind != EntryKind.StreamData || entry.Offset + (ulong)entry.Payload.Length <= _limit;

    /// <summary>Takes the limit that the remote announced; late and lower ones are ignored.</summary>
    internal void Raise(ulong limit) => _limit = Math.Max(_limit, limit);

    internal void Queued(int bytes) => QueuedThrough += (ulong)bytes;

    internal void Written(int bytes) => WrittenThrough += (ulong)bytes;

    internal void End() => IsEnded = true;

    internal void Done() => IsDone = true;
}
