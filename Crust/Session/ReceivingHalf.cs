using System.Text;
using Crust.Identity.Evidence;
using Crust.Primitives;
using Crust.Wire;

namespace Crust.Session;

/// <summary>
/// The inward direction of a session: fragments become messages, messages wait for their statement, and what verified is delivered in order, acknowledged
/// and refused.
/// </summary>
internal sealed class ReceivingHalf
{
    private readonly Queue<SessionEvent> _events;
    private readonly ReceiveCredit _credit = new();
    private readonly InboundProtocols _protocols = new();
    private readonly AcknowledgementPolicy _acknowledgements = new();
    private readonly RefusalList _refusals = new();
    private readonly Queue<InboundMessage> _unverified = new();
    private readonly MessageAssembler _assembler;
    private readonly BatchVerifier? _verifier;
    private ulong _verifiedThrough;
    private ulong _acknowledgedThrough;

    internal ReceivingHalf(SessionParameters parameters, Queue<SessionEvent> events)
    {
        _events = events;
        _assembler = new MessageAssembler(_credit, _protocols);
        _verifier = parameters.ReceiveSigned ? new BatchVerifier(parameters, keepEvidence: false) : null;
    }

    internal long MessagesReceived { get; private set; }

    internal long BytesReceived { get; private set; }

    internal long BatchesVerified => _verifier?.Verified ?? 0;

    /// <summary>When an acknowledgement is due.</summary>
    internal Instant? Deadline => _acknowledgements.Deadline;

    /// <summary>True when no refusal waits to be written.</summary>
    internal bool IsFlushed => _refusals.IsFlushed;

    internal bool TryHandle(in ProtocolFrame frame) => _protocols.TryAdd(frame);

    internal bool TryHandle(in MessageFrame frame, Instant now)
    {
        if (!_assembler.TryHandle(frame, _verifiedThrough, out var message))
            return false;
        if (message is null)
            return true;
        if (_verifier is null)
        {
            Deliver(message, now);
            return true;
        }

        Span<byte> name = stackalloc byte[WireLimits.MaxProtocolNameLength];
        var length = Encoding.ASCII.GetBytes(message.Protocol, name);
        _unverified.Enqueue(message);
        return _verifier.TryGather(Leaf.Message(name[..length], message.Number), message.Payload);
    }

    /// <summary>Takes a statement: new and good, or a whole duplicate.</summary>
    internal bool TryHandle(in BatchFrame frame, Instant now)
    {
        if (_verifier is null)
            return false;
        if (frame.First + (ulong)frame.Count - 1 <= _verifiedThrough)
            return true;
        if (frame.First != _verifiedThrough + 1 || !_verifier.TryVerify(frame, out _))
            return false;
        for (var i = 0; i < frame.Count; i++)
            Deliver(_unverified.Dequeue(), now);
        return true;
    }

    internal void HandleTimeout(Instant now) => _acknowledgements.HandleTimeout(now);

    /// <summary>A new link: the remote repeats what we have not acknowledged, and learns at once where we stand.</summary>
    internal void HandleLinkChanged()
    {
        _protocols.Forget();
        _assembler.Forget();
        _verifier?.Forget();
        while (_unverified.TryDequeue(out var message))
            _credit.Refund(message.Cost);
        _refusals.HandleLinkChanged();
        _acknowledgements.Demand();
    }

    /// <summary>The session is over: wipes its secret.</summary>
    internal void Wipe() => _verifier?.Wipe();

    internal void Refuse(ulong number, int code)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(code);
        ArgumentOutOfRangeException.ThrowIfZero(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, _verifiedThrough);
        if (number > _acknowledgedThrough)
            _refusals.Add(new RefuseFrame(number, code));
    }

    internal void Consumed(int payloadLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        var cost = WireLimits.Cost(payloadLength);
        _credit.Consume(cost);
        _acknowledgements.HandleFreed(cost);
    }

    /// <summary>Writes refusals, then the acknowledgement if it is due.</summary>
    internal void WriteDue(ref SpanWriter writer)
    {
        _refusals.Write(ref writer);
        if (_acknowledgements.IsDue)
            TryWriteAcknowledgement(ref writer);
    }

    /// <summary>Writes the acknowledgement if there is anything new in it and the record has room: it costs no record of its own.</summary>
    internal void WritePending(ref SpanWriter writer)
    {
        if (_acknowledgements.IsPending)
            TryWriteAcknowledgement(ref writer);
    }

    private void TryWriteAcknowledgement(ref SpanWriter writer)
    {
        if (!_refusals.IsFlushed || writer.Remaining < AcknowledgeFrame.MaxLength)
            return;
        new AcknowledgeFrame(_verifiedThrough, _credit.Granted).Write(ref writer);
        _acknowledgedThrough = _verifiedThrough;
        _credit.Announced();
        _acknowledgements.HandleSent();
    }

    private void Deliver(InboundMessage message, Instant now)
    {
        _verifiedThrough = message.Number;
        _credit.Deliver(message.Cost);
        _acknowledgements.HandleReceived(message.Cost, now);
        MessagesReceived++;
        BytesReceived += message.Length;
        _events.Enqueue(new SessionEvent(
            SessionEventKind.MessageReceived, Number: message.Number, Priority: message.Priority, Protocol: message.Protocol, Payload: message.Payload));
    }
}
