using Crust.Identity.Evidence;
using Crust.Primitives;
using Crust.Wire;

namespace Crust.Session;

/// <summary>
/// The outward direction of a session: what is queued, written, signed, retained and paid for. Fragments of one message follow one another; a
/// statement is signed when nothing more can be written, or a batch is full, and always between messages.
/// </summary>
internal sealed class SendingHalf(SessionParameters parameters, Queue<SessionEvent> events)
{
    private readonly SendBudget _budget = new(parameters.Limits.SendBudget);
    private readonly SendQueue _queue = new(parameters.Limits.MaxQueueAge);
    private readonly SendLedger _ledger = new();
    private readonly SendCredit _credit = new();
    private readonly OutboundProtocols _protocols = new();
    private readonly BatchSigner? _signer = parameters.SendSigned ? new BatchSigner(parameters) : null;
    private readonly List<OutboundMessage> _released = [];
    private OutboundMessage? _current;
    private int _offset;
    private ulong _writtenThrough;

    /// <summary>True when nothing waits to be written or acknowledged.</summary>
    internal bool IsDrained => _queue.Count == 0 && _ledger.Count == 0 && _current is null;

    internal int QueuedMessages => _queue.Count;

    internal int UnacknowledgedMessages => _ledger.Count;

    internal long MessagesSent { get; private set; }

    internal long BytesSent { get; private set; }

    internal long MessagesRetransmitted { get; private set; }

    internal long BytesRetransmitted { get; private set; }

    internal long MessagesDropped { get; private set; }

    internal long BatchesSigned => _signer?.Signed ?? 0;

    /// <summary>When the next message grows stale.</summary>
    internal Instant? Deadline => _queue.Deadline;

    /// <summary>The last number that the remote may acknowledge: it was written whole at some time and, in a signed direction, signed.</summary>
    private ulong AcknowledgeableThrough => _signer?.SignedThrough ?? _writtenThrough;

    internal SendResult TrySend(string protocol, byte priority, ReadOnlyMemory<byte> payload, long token, Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(priority, WireLimits.PriorityCount);
        if (payload.Length > WireLimits.MaxMessageLength)
            return SendResult.TooLarge;
        if (_protocols.Find(protocol) is not { } outbound)
            return SendResult.InvalidProtocol;
        var message = new OutboundMessage(outbound, priority, payload, token, now);
        if (!_budget.TryReserve(message.Cost))
            return SendResult.Full;
        _queue.Enqueue(message);
        return SendResult.Queued;
    }

    /// <summary>Takes an acknowledgement; false when it covers what cannot be acknowledged, or takes something back.</summary>
    internal bool TryHandle(in AcknowledgeFrame frame)
    {
        if (frame.Through < _ledger.AcknowledgedThrough
            || frame.Through > AcknowledgeableThrough
            || (_signer is not null && !_ledger.IsBatchEnd(frame.Through))
            || !_credit.TryRaise(frame.Credit))
            return false;
        _ledger.Acknowledge(frame.Through, _released);
        foreach (var message in _released)
        {
            _budget.Release(message.Cost);
            Tell(message, SessionEventKind.Acknowledged);
        }

        _released.Clear();
        AnnounceRoom();
        return true;
    }

    /// <summary>Takes a refusal; false for a number that was never sent. One that comes after the acknowledgement has nothing left to tell.</summary>
    internal bool TryHandle(in RefuseFrame frame)
    {
        if (frame.Number > AcknowledgeableThrough)
            return false;
        if (_ledger.Find(frame.Number) is { } message)
            Tell(message, SessionEventKind.Refused, frame.Code);
        return true;
    }

    /// <summary>Drops what has waited too long.</summary>
    internal void HandleTimeout(Instant now)
    {
        while (_queue.TryDequeueStale(now, out var message))
        {
            MessagesDropped++;
            _budget.Release(message.Cost);
            Tell(message, SessionEventKind.NotSent);
        }

        AnnounceRoom();
    }

    /// <summary>Fills the rest of a record.</summary>
    internal void Write(ref SpanWriter writer, ulong unixMilliseconds)
    {
        while (WriteNext(ref writer, unixMilliseconds))
        {
        }
    }

    /// <summary>A new link: ids and half-written messages are forgotten, everything retained is written again.</summary>
    internal void HandleLinkChanged()
    {
        _protocols.Forget();
        _ledger.Rewind();
        _current = null;
        _offset = 0;
    }

    /// <summary>The session is over: wipes its secret.</summary>
    internal void Wipe() => _signer?.Wipe();

    /// <summary>The session is over: tells the outcome of every token that has none.</summary>
    internal void Abandon()
    {
        foreach (var message in _ledger.Messages)
            Tell(message, SessionEventKind.OutcomeUnknown);
        while (_queue.TryDequeue(out var message))
            Tell(message, SessionEventKind.NotSent);
    }

    /// <summary>Writes one more piece; false when there is none or it does not fit.</summary>
    private bool WriteNext(ref SpanWriter writer, ulong unixMilliseconds)
    {
        if (_current is not null)
            return TryWriteFragment(ref writer, _current, _current.Number);
        if (_ledger.TryPeekBatch(out var batch))
            return TryWriteBatch(ref writer, batch);
        if (_ledger.TryPeekMessage(out var retained))
            return TryWriteAgain(ref writer, retained);
        var canStart = _queue.TryPeek(out var queued) && _credit.CanSpend(queued.Cost);
        if (_signer is { IsEmpty: false } && (_signer.IsFull || !canStart))
            return TrySign(ref writer, unixMilliseconds);
        return canStart && TryWriteNew(ref writer, queued!);
    }

    private bool TrySign(ref SpanWriter writer, ulong unixMilliseconds)
    {
        if (writer.Remaining < BatchFrame.MaxLength)
            return false;
        _ledger.Add(_signer!.Sign(unixMilliseconds));
        return true;
    }

    private bool TryWriteBatch(ref SpanWriter writer, SignedBatch batch)
    {
        if (writer.Remaining < BatchFrame.MaxLength)
            return false;
        new BatchFrame(batch.First, batch.Count, batch.UnixMilliseconds, batch.Signature).Write(ref writer);
        _ledger.AdvanceBatch();
        return true;
    }

    private bool TryWriteNew(ref SpanWriter writer, OutboundMessage message)
    {
        if (!TryWriteFragment(ref writer, message, _ledger.LastNumber + 1))
            return false;
        _ = _queue.TryDequeue(out _);
        _credit.Spend(message.Cost);
        _ledger.Add(message);
        _signer?.Gather(Leaf.Message(message.Protocol.Name, message.Number), message.Payload.Span);
        MessagesSent++;
        BytesSent += message.Payload.Length;
        return true;
    }

    private bool TryWriteAgain(ref SpanWriter writer, OutboundMessage message)
    {
        if (!TryWriteFragment(ref writer, message, message.Number))
            return false;
        _ledger.AdvanceMessage();
        MessagesRetransmitted++;
        BytesRetransmitted += message.Payload.Length;
        return true;
    }

    /// <summary>Writes as much of a message as fits, with its protocol's definition when the link does not know it yet.</summary>
    private bool TryWriteFragment(ref SpanWriter writer, OutboundMessage message, ulong number)
    {
        var protocol = message.Protocol;
        var id = protocol.Id == 0 ? _protocols.NextId : protocol.Id;
        var room = protocol.Id == 0 ? writer.Remaining - ProtocolFrame.MaxLength : writer.Remaining;
        var length = MessageFrame.DataLength(room, number, id, message.Payload.Length, _offset);
        if (length < 0)
            return false;
        if (protocol.Id == 0)
        {
            _protocols.Intern(protocol);
            new ProtocolFrame(id, protocol.Name).Write(ref writer);
        }

        new MessageFrame(number, id, message.Priority, message.Payload.Length, _offset, message.Payload.Span.Slice(_offset, length)).Write(ref writer);
        _offset += length;
        _current = message;
        if (_offset == message.Payload.Length)
        {
            _current = null;
            _offset = 0;
            _writtenThrough = Math.Max(_writtenThrough, number);
        }

        return true;
    }

    private void AnnounceRoom()
    {
        if (_budget.TryAnnounceRoom())
            events.Enqueue(new SessionEvent(SessionEventKind.Writable));
    }

    private void Tell(OutboundMessage message, SessionEventKind kind, int code = 0)
    {
        if (message.Token == 0)
            return;
        events.Enqueue(new SessionEvent(kind, message.Token, Code: code));
        message.Token = 0;
    }
}
