using Crust.Buffers;
using Crust.Identity.Evidence;
using Crust.Primitives;
using Crust.Session.Frames;
using Crust.Session.Streams;
using Crust.Wire;

namespace Crust.Session.Receiving;

/// <summary>
/// The inward direction of a session: fragments become entries, entries wait for their statement, and what verified is delivered in order, acknowledged
/// and refused.
/// </summary>
internal sealed class ReceivingHalf
{
    private readonly Queue<SessionEvent> _events;
    private readonly PayloadArena _arena = new();
    private readonly ReceiveWindow _messages;
    private readonly ReceiveWindow _streams;
    private readonly InboundProtocols _protocols = new();
    private readonly AcknowledgementPolicy _acknowledgements = new();
    private readonly RefusalList _refusals = new();
    private readonly RingBuffer<InboundEntry> _unverified = new();
    private readonly EntryAssembler _assembler;
    private readonly BatchVerifier? _verifier;
    private readonly StreamTable _table;
    private ulong _verifiedThrough;
    private ulong _acknowledgedThrough;
    private long _arrivals;

    internal ReceivingHalf(SessionParameters parameters, StreamTable table, Queue<SessionEvent> events)
    {
        _events = events;
        _table = table;
        _messages = new ReceiveWindow(parameters.Limits, WireLimits.InitialWindow, parameters.Limits.MaxWindow, WireLimits.Cost(WireLimits.MaxMessageLength));
        _streams = new ReceiveWindow(parameters.Limits, WireLimits.InitialWindow, parameters.Limits.MaxWindow, WireLimits.Cost(WireLimits.MaxStreamChunk));
        _assembler = new EntryAssembler(_messages, _streams, _protocols, _arena);
        _verifier = parameters.ReceiveSigned ? new BatchVerifier(parameters, parameters.Limits.KeepEvidence) : null;
    }

    internal long MessagesReceived { get; private set; }

    internal long BytesReceived { get; private set; }

    /// <summary>A number that rises with every entry, fragment and statement, and whether the remote owes more of them: the rest of an entry, or what states those that came.</summary>
    internal (long Arrivals, bool IsOwed) Progress => (_arrivals, _assembler.IsHalf || _unverified.Count > 0);

    /// <summary>Bytes of memory that payloads hold, those that were delivered and not returned included.</summary>
    internal long HeldBytes => _arena.Held;

    internal long BatchesVerified => _verifier?.Verified ?? 0;

    /// <summary>What the remote may have under way now, of messages and of streams.</summary>
    internal long WindowSize => _messages.Size + _streams.Size;

    /// <summary>What is held beyond that.</summary>
    internal long Beyond => _messages.Beyond + _streams.Beyond;

    /// <summary>Received and not consumed.</summary>
    internal long Held => _messages.Held + _streams.Held;

    /// <summary>When an acknowledgement is due.</summary>
    internal Instant? Deadline => _acknowledgements.Deadline;

    /// <summary>True when <see cref="WriteDue"/> has something to write.</summary>
    internal bool HasWork => !_refusals.IsFlushed || _acknowledgements.IsDue || _table.IsCreditDue;

    /// <summary>True when no refusal waits to be written.</summary>
    internal bool IsFlushed => _refusals.IsFlushed;

    internal bool TryHandle(in ProtocolFrame frame) => _protocols.TryAdd(frame);

    internal bool TryHandle(in EntryFrame frame, Instant now) =>
        _assembler.TryHandle(frame, _verifiedThrough, out var entry) && Arrived(frame.Data.Length, now) && (entry is null || TryGather(entry, now));

    internal bool TryHandle(in BeginFrame frame, Instant now) => _assembler.TryHandle(frame, _verifiedThrough) && Arrived(frame.Data.Length, now);

    internal bool TryHandle(in MoreFrame frame, Instant now) => _assembler.TryHandle(frame) && Arrived(frame.Data.Length, now);

    internal bool TryHandle(in EndFrame frame, Instant now) =>
        _assembler.TryHandle(frame, _verifiedThrough, out var entry) && Arrived(frame.Data.Length, now) && (entry is null || TryGather(entry, now));

    /// <summary>Takes a statement: new and good, or a whole duplicate.</summary>
    internal bool TryHandle(in BatchFrame frame, Instant now)
    {
        if (_verifier is null)
            return false;
        if (frame.First + (ulong)frame.Count - 1 <= _verifiedThrough)
            return true;
        if (frame.First != _verifiedThrough + 1 || !_verifier.TryVerify(frame, out var evidence))
            return false;
        _arrivals++;
        for (var i = 0; i < frame.Count; i++)
        {
            _ = _unverified.TryTake(out var entry);
            Deliver(entry, evidence, now);
        }

        return true;
    }

    /// <summary>The remote is idle and gives credit back; false when it never had so much, or takes it again.</summary>
    internal bool TryHandle(in CreditReturnFrame frame)
    {
        if (!_messages.TryTakeBack(frame.Messages) || !_streams.TryTakeBack(frame.Streams))
            return false;
        if (_messages.IsUpdateDue || _streams.IsUpdateDue)
            _acknowledgements.Demand();
        return true;
    }

    internal void HandleTimeout(Instant now) => _acknowledgements.HandleTimeout(now);

    /// <summary>A new link: the remote repeats what we have not acknowledged, and learns at once where we stand.</summary>
    internal void HandleLinkChanged()
    {
        _assembler.Forget();
        _protocols.Forget();
        _verifier?.Forget();
        while (_unverified.TryTake(out var entry))
            _assembler.Refund(entry);
        _refusals.HandleLinkChanged();
        _table.HandleLinkChanged();
        _acknowledgements.Demand();
    }

    /// <summary>The session is idle: lets memory go that the next burst takes again.</summary>
    internal void Trim()
    {
        _assembler.Trim();
        _arena.Trim();
        _unverified.TrimWhenEmpty(all: true);
        _verifier?.Trim();
        _acknowledgements.Trim();
        _messages.Shrink();
        _streams.Shrink();
    }

    /// <summary>The session is over: wipes its secret and gives memory back.</summary>
    internal void Wipe()
    {
        _verifier?.Wipe();
        _messages.Shrink(over: true);
        _streams.Shrink(over: true);
    }

    internal void Refuse(ulong number, int code)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(code);
        ArgumentOutOfRangeException.ThrowIfZero(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, _verifiedThrough);
        if (number > _acknowledgedThrough)
            _refusals.Add(new RefuseFrame(number, code), _messages.Held + _messages.Open);
    }

    /// <summary>The application is done with the payload of a message.</summary>
    internal void MessageConsumed(PayloadLease payload, TimeSpan? roundTrip, Instant now) => Consumed(_messages, payload, roundTrip, now);

    /// <summary>The application is done with a piece of a stream.</summary>
    internal void StreamConsumed(PayloadLease payload, TimeSpan? roundTrip, Instant now) => Consumed(_streams, payload, roundTrip, now);

    /// <summary>Writes refusals, the acknowledgement if it is due, and streams' credit.</summary>
    internal void WriteDue(ref SpanWriter writer)
    {
        _refusals.Write(ref writer);
        if (_acknowledgements.IsDue)
            TryWriteAcknowledgement(ref writer);
        _table.WriteCredit(ref writer);
    }

    /// <summary>Writes the acknowledgement if there is anything new in it and the record has room: it costs no record of its own.</summary>
    internal void WritePending(ref SpanWriter writer)
    {
        if (_acknowledgements.IsPending || _messages.IsUpdatePending || _streams.IsUpdatePending)
            TryWriteAcknowledgement(ref writer);
    }

    private bool Arrived(int bytes, Instant now)
    {
        _arrivals++;
        _acknowledgements.HandleBytes(bytes, now);
        if (_messages.IsUpdateDue || _streams.IsUpdateDue)
            _acknowledgements.Demand();
        return true;
    }

    private void Consumed(ReceiveWindow window, PayloadLease payload, TimeSpan? roundTrip, Instant now)
    {
        window.Consume(WireLimits.Cost(payload.Length));
        _arena.Return(payload);
        window.Tune(roundTrip, now);
        if (window.IsUpdateDue)
            _acknowledgements.Demand();
    }

    private void TryWriteAcknowledgement(ref SpanWriter writer)
    {
        if (!_refusals.IsFlushed || writer.Remaining < AcknowledgeFrame.MaxLength)
            return;
        new AcknowledgeFrame(_verifiedThrough, _messages.Granted, _streams.Granted).Write(ref writer);
        _acknowledgedThrough = _verifiedThrough;
        _messages.Announced();
        _streams.Announced();
        _acknowledgements.HandleSent();
    }

    /// <summary>An entry is whole: it waits for its statement, or is delivered.</summary>
    private bool TryGather(InboundEntry entry, Instant now)
    {
        ReadOnlySpan<byte> protocol = entry.Protocol?.Bytes;
        ulong offset = 0;
        if (entry.Shape.Kind != EntryKind.Message && !_table.TryArrive(entry, out protocol, out offset))
            return false;
        if (_verifier is null)
        {
            Deliver(entry, null, now);
            return true;
        }

        _unverified.Add(entry);
        var leaf = new Leaf((SignedContent)entry.Shape.Kind, protocol, entry.Shape.Stream, entry.Number, offset, entry.Shape.IsUnsigned);
        return _verifier.TryGather(leaf, entry.Payload.Span);
    }

    private void Deliver(InboundEntry entry, BatchEvidence? evidence, Instant now)
    {
        _verifiedThrough = entry.Number;
        _acknowledgements.HandleEntry((entry.Shape.Kind == EntryKind.Message ? _messages : _streams).Size, now);
        BytesReceived += entry.Length;
        var isSigned = _verifier is not null && !entry.Shape.IsUnsigned;
        if (entry.Shape.Kind == EntryKind.Message)
        {
            MessagesReceived++;
            _events.Enqueue(new SessionEvent(
                SessionEventKind.MessageReceived,
                Number: entry.Number,
                Priority: entry.Shape.Priority,
                Protocol: entry.Protocol!.Name,
                Payload: entry.Payload,
                Evidence: isSigned ? evidence : null,
                IsSigned: isSigned));
        }
        else
        {
            _table.Deliver(entry, isSigned, out var keeps);
            if (!keeps)
            {
                _streams.Consume(entry.Cost);
                _arena.Return(entry.Payload);
            }
        }

        _assembler.Return(entry);
    }
}
