using Crust.Primitives;
using Crust.Wire;

namespace Crust.Session;

/// <summary>
/// The protocol of a session, without I/O, clock or randomness: record plaintexts, time and application calls go in; record plaintexts, a
/// deadline and events come out. It rides on an ordered, reliable, encrypted record channel of somebody else.
/// After every input the driver drains: <see cref="PollEvent"/> until false, then <see cref="PollRecord"/> until 0, then
/// <see cref="PollEvent"/> again, then takes <see cref="PollTimeout"/>. Time never goes back; spurious timeouts do nothing; one thread at a time.
/// </summary>
internal sealed class SessionMachine
{
    private readonly Queue<SessionEvent> _events = new();
    private readonly CloseState _close = new();
    private readonly SendingHalf _sending;
    private readonly ReceivingHalf _receiving;
    private readonly Heartbeat _heartbeat;

    internal SessionMachine(SessionParameters parameters, Instant now)
    {
        _sending = new SendingHalf(parameters, _events);
        _receiving = new ReceivingHalf(parameters, _events);
        _heartbeat = new Heartbeat(parameters.Limits, now);
    }

    /// <summary>True as soon as the session is over: no input counts any more. One last record with a GOODBYE may still be polled.</summary>
    internal bool IsClosed => _close.IsClosed;

    internal SessionStatistics Statistics => new(
        _sending.MessagesSent,
        _sending.BytesSent,
        _receiving.MessagesReceived,
        _receiving.BytesReceived,
        _sending.MessagesDropped,
        _sending.BatchesSigned,
        _receiving.BatchesVerified,
        _sending.MessagesRetransmitted,
        _sending.BytesRetransmitted,
        _sending.QueuedMessages,
        _sending.UnacknowledgedMessages,
        _heartbeat.Rtt.Smoothed,
        _heartbeat.Rtt.Latest);

    /// <summary>Queues a message. The payload belongs to the machine from now on, unless the result is other than <see cref="SendResult.Queued"/>.</summary>
    /// <param name="protocol">1 to 64 printable ASCII characters.</param>
    /// <param name="priority">0 (highest) to 3; order holds within one protocol and priority.</param>
    /// <param name="payload">At most <see cref="WireLimits.MaxMessageLength"/> bytes, not to be changed afterwards.</param>
    /// <param name="token">Comes back in exactly one outcome event; 0 asks for none.</param>
    /// <param name="now">The driver's time: unwritten messages of priority 2 and 3 are dropped after <see cref="SessionLimits.MaxQueueAge"/>.</param>
    internal SendResult TrySend(string protocol, byte priority, ReadOnlyMemory<byte> payload, long token, Instant now) =>
        _close.IsClosed || _close.IsDraining ? SendResult.Closed : _sending.TrySend(protocol, priority, payload, token, now);

    /// <summary>Takes one received record plaintext. False when it broke the protocol (the session is then closed) or the session was closed already.</summary>
    internal bool Handle(ReadOnlySpan<byte> recordPlaintext, Instant now)
    {
        if (_close.IsClosed)
            return false;
        _heartbeat.HandleReceived(now);
        var reader = new SpanReader(recordPlaintext);
        do
        {
            if (!TryHandleFrame(ref reader, now))
            {
                Finish(GoodbyeCode.ProtocolViolation, "");
                return false;
            }
        }
        while (!reader.IsAtEnd && !_close.IsClosed);
        return true;
    }

    /// <summary>To be called when <see cref="PollTimeout"/> has passed.</summary>
    internal void HandleTimeout(Instant now)
    {
        if (_close.IsClosed)
            return;
        _receiving.HandleTimeout(now);
        _sending.HandleTimeout(now);
        if (_heartbeat.HandleTimeout(now))
            Finish(GoodbyeCode.IdleTimeout, "");
    }

    /// <summary>
    /// The session moved to another link: records polled before may be lost, and records of the old link must not be handled any more. Both ends must see
    /// the same change before either handles a record of the new link.
    /// </summary>
    internal void HandleLinkChanged(Instant now)
    {
        if (_close.IsClosed)
            return;
        _sending.HandleLinkChanged();
        _receiving.HandleLinkChanged();
        _heartbeat.HandleLinkChanged(now);
    }

    /// <summary>
    /// Tells the remote that nobody takes a message. To be called between <see cref="PollEvent"/> and the next <see cref="PollRecord"/>: once the message
    /// was acknowledged it is too late, and nothing happens. <see cref="Consumed"/> is due all the same.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">No message of this number was delivered.</exception>
    internal void Refuse(ulong number, int code) => _receiving.Refuse(number, code);

    /// <summary>The application is done with a received message of this payload length: the remote may send as much again.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More is returned than was delivered.</exception>
    internal void Consumed(int payloadLength) => _receiving.Consumed(payloadLength);

    /// <summary>Asks for a PING in the next record; its round trip appears in the statistics.</summary>
    internal void RequestPing() => _heartbeat.RequestPing();

    /// <summary>
    /// Closes gracefully: refuses new messages, writes what is queued, waits until all of it is acknowledged, then writes the GOODBYE and is closed; still
    /// delivers what arrives meanwhile. The remote can hold this up: the driver bounds the wait and then calls <see cref="Abort"/>.
    /// </summary>
    internal void Close(GoodbyeCode code, string reason) => _close.Drain(code, reason);

    /// <summary>Closes at once; the next polled record carries the GOODBYE.</summary>
    internal void Abort(GoodbyeCode code, string reason) => Finish(code, reason);

    /// <summary>Writes the next record plaintext.</summary>
    /// <param name="destination">At least <see cref="WireLimits.MinRecordLength"/> bytes, at most a record's capacity.</param>
    /// <param name="now">The driver's time.</param>
    /// <param name="unixMilliseconds">The wall clock, put into signed statements and used for nothing else.</param>
    /// <returns>Bytes written; 0 when there is nothing to send.</returns>
    internal int PollRecord(Span<byte> destination, Instant now, ulong unixMilliseconds)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, WireLimits.MinRecordLength);
        var writer = new SpanWriter(destination);
        if (_close.IsClosed)
        {
            WriteLast(ref writer);
            return writer.Position;
        }

        _receiving.WriteDue(ref writer);
        _heartbeat.Write(ref writer, now);
        _sending.Write(ref writer, unixMilliseconds);
        if (_close.IsDraining && _sending.IsDrained && _receiving.IsFlushed && writer.Remaining >= AcknowledgeFrame.MaxLength + GoodbyeFrame.MaxLength)
        {
            Finish(_close.Code, _close.Reason);
            WriteLast(ref writer);
        }
        else if (writer.Position > 0)
        {
            _receiving.WritePending(ref writer);
        }

        return writer.Position;
    }

    /// <summary>When <see cref="HandleTimeout"/> is due; null when never.</summary>
    internal Instant? PollTimeout() => _close.IsClosed ? null : Instant.Earlier(_heartbeat.Deadline, Instant.Earlier(_receiving.Deadline, _sending.Deadline));

    /// <summary>Takes the oldest event. What waits here is bounded: messages by the credit we gave, outcomes by the send budget.</summary>
    internal bool PollEvent(out SessionEvent sessionEvent) => _events.TryDequeue(out sessionEvent);

    private bool TryHandleFrame(ref SpanReader reader, Instant now)
    {
        if (!reader.TryReadByte(out var type))
            return false;
        switch ((FrameType)type)
        {
            case FrameType.Protocol:
                return ProtocolFrame.TryRead(ref reader, out var protocol) && _receiving.TryHandle(protocol);
            case FrameType.Message:
                return MessageFrame.TryRead(ref reader, out var message) && _receiving.TryHandle(message, now);
            case FrameType.Batch:
                return BatchFrame.TryRead(ref reader, out var batch) && _receiving.TryHandle(batch, now);
            case FrameType.Acknowledge:
                return AcknowledgeFrame.TryRead(ref reader, out var acknowledgement) && _sending.TryHandle(acknowledgement);
            case FrameType.Refuse:
                return RefuseFrame.TryRead(ref reader, out var refusal) && _sending.TryHandle(refusal);
            case FrameType.Ping when reader.TryReadUInt64(out var token):
                _heartbeat.HandlePing(token);
                return true;
            case FrameType.Pong when reader.TryReadUInt64(out var token):
                _heartbeat.HandlePong(token, now);
                return true;
            case FrameType.Goodbye when GoodbyeFrame.TryRead(ref reader, out var goodbye):
                Finish(goodbye.Code, goodbye.Reason, byRemote: true);
                return true;
            default:
                return false;
        }
    }

    private void Finish(GoodbyeCode code, string reason, bool byRemote = false)
    {
        if (!_close.TryClose(code, reason, byRemote))
            return;
        _sending.Abandon();
        _sending.Wipe();
        _receiving.Wipe();
        _events.Enqueue(new SessionEvent(SessionEventKind.Closed, Code: (int)code, Reason: reason, ByRemote: byRemote));
    }

    /// <summary>Writes the GOODBYE if one is owed, and before it what is left to acknowledge: a remote that did nothing wrong shall know.</summary>
    private void WriteLast(ref SpanWriter writer)
    {
        if (!_close.OwesGoodbye)
            return;
        if (_close.Code != GoodbyeCode.ProtocolViolation)
            _receiving.WritePending(ref writer);
        _close.WriteGoodbye(ref writer);
    }
}
