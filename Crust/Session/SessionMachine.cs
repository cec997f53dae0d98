using System.Text;
using Crust.Buffers;
using Crust.Primitives;
using Crust.Session.Circuits;
using Crust.Session.Frames;
using Crust.Session.Links;
using Crust.Session.Receiving;
using Crust.Session.Sending;
using Crust.Session.Streams;
using Crust.Wire;

namespace Crust.Session;

/// <summary>
/// The protocol of a session, without I/O, clock or randomness: record plaintexts, time and application calls go in; record plaintexts, a
/// deadline and events come out. It rides on links that come and go, each an ordered, reliable, encrypted record channel of somebody else.
/// After every input the driver drains: <see cref="PollEvent"/> until false, then <see cref="PollRecord"/> of every link until 0, then
/// <see cref="PollEvent"/> again, then takes <see cref="PollTimeout"/>. Time never goes back; spurious timeouts do nothing; one thread at a time.
/// </summary>
internal sealed class SessionMachine
{
    private readonly Queue<SessionEvent> _events = new();
    private readonly PayloadArena _datagramArena = new();
    private readonly DatagramQueue _datagrams;
    private readonly CloseState _close = new();
    private readonly StreamTable _streams;
    private readonly SendingHalf _sending;
    private readonly ReceivingHalf _receiving;
    private readonly LinkSet _links;
    private readonly ProgressWatch _progress;
    private readonly TimeSpan _trimInterval;
    private Instant _lastTraffic;
    private bool _isTrimmed = true;

    internal SessionMachine(SessionParameters parameters, Instant now)
    {
        _streams = new StreamTable(parameters, _events);
        _sending = new SendingHalf(parameters, _streams, _events);
        _receiving = new ReceivingHalf(parameters, _streams, _events);
        _datagrams = new DatagramQueue(_datagramArena);
        _links = new LinkSet(parameters.Self.Id < parameters.Remote, parameters.Limits, parameters.Generations, _events, now);
        _progress = new ProgressWatch(parameters.Limits.ProgressTimeout);
        _trimInterval = parameters.Limits.HeartbeatInterval / 2;
        _lastTraffic = now;
    }

    /// <summary>True as soon as the session is over: no input counts any more. One last record with a GOODBYE may still be polled.</summary>
    internal bool IsClosed => _close.IsClosed;

    /// <summary>True while a GOODBYE waits to be written, if the session has a link.</summary>
    internal bool OwesGoodbye => _close.OwesGoodbye && _links.Count > 0;

    /// <summary>The link that carries the session; null while there is none, or the remote has not chosen one.</summary>
    internal SessionLink? ActiveLink => _links.Active;

    /// <summary>The circuits that ride on the session, where one of its ends is a gateway; null elsewhere: then their frames break the protocol.</summary>
    internal ICircuitCarrier? Circuits { get; set; }

    /// <summary>Links that stand.</summary>
    internal int LinkCount => _links.Count;

    /// <summary>True while the active link is suspected and no other has shown life since.</summary>
    internal bool IsStalled => _links.IsStalled;

    /// <summary>How long nothing has come from the remote, over any link.</summary>
    internal TimeSpan Silence(Instant now) => _links.Silence(now);

    /// <summary>Bytes of memory that payloads hold: queued, retained, half received, delivered and not returned.</summary>
    internal long HeldBytes => _sending.HeldBytes + _receiving.HeldBytes + _datagramArena.Held;

    /// <summary>What is held beyond the windows, so that what was begun could end.</summary>
    internal long BeyondWindows => _receiving.Beyond;

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
        _links.Active?.Heartbeat.Rtt.Smoothed,
        _links.Active?.Heartbeat.Rtt.Latest,
        _links.Count,
        _streams.Count,
        _receiving.WindowSize,
        _sending.BudgetLimit,
        _datagrams.Sent,
        _datagrams.Dropped);

    /// <summary>Queues a copy of a message.</summary>
    /// <param name="protocol">1 to 64 printable ASCII characters.</param>
    /// <param name="priority">0 (highest) to 3; order holds within one protocol and priority.</param>
    /// <param name="payload">At most <see cref="WireLimits.MaxMessageLength"/> bytes.</param>
    /// <param name="digest">BLAKE3 of a payload that <see cref="Identity.Evidence.Leaf.NeedsDigest"/>, if the caller has computed it; else empty.</param>
    /// <param name="token">Comes back in exactly one outcome event; 0 asks for none.</param>
    /// <param name="now">The driver's time: unwritten messages of priority 2 and 3 are dropped after <see cref="SessionLimits.MaxQueueAge"/>.</param>
    /// <param name="ownedArray">An array of <see cref="SlabPool"/> that holds the payload from its start, taken over if the message is queued; null to copy the payload.</param>
    internal SendResult TrySend(
        string protocol, byte priority, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> digest, long token, Instant now, byte[]? ownedArray = null)
    {
        if (_close.IsClosed || _close.IsDraining)
            return SendResult.Closed;
        HandleTraffic(now);
        return _sending.TrySend(protocol, priority, payload, ownedArray, digest, token, now);
    }

    /// <summary>
    /// Queues a copy of a datagram, to go out with the next record of the active link. False when protocol or length are not admitted, or there is no link.
    /// </summary>
    internal bool TrySendDatagram(string protocol, ReadOnlySpan<byte> payload) =>
        !_close.IsClosed && _links.Active is not null && _datagrams.TryAdd(protocol, payload);

    /// <summary>Opens a stream.</summary>
    /// <param name="protocol">1 to 64 printable ASCII characters.</param>
    /// <param name="priority">0 (highest) to 3, for both directions.</param>
    /// <param name="now">The driver's time.</param>
    /// <param name="result">Queued, or why there is no stream; full when <see cref="WireLimits.MaxStreams"/> of ours are open.</param>
    internal SessionStream? OpenStream(string protocol, byte priority, Instant now, out SendResult result)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(priority, WireLimits.PriorityCount);
        result = SendResult.Closed;
        if (_close.IsClosed || _close.IsDraining)
            return null;
        result = SendResult.Full;
        if (!_streams.HasRoom)
            return null;
        result = SendResult.InvalidProtocol;
        if (_sending.NewStream(protocol, priority) is not { } outbound)
            return null;
        result = SendResult.Queued;
        HandleTraffic(now);
        var stream = _streams.Open(outbound, protocol);
        _sending.SendControl(outbound, EntryKind.StreamOpen, 0, now);
        return stream;
    }

    /// <summary>Queues a copy of the next bytes of a stream. Who has hashed them gives the digest, and at most <see cref="WireLimits.MaxStreamChunk"/> of them, which are taken whole or not at all.</summary>
    /// <returns>How many were taken; 0 when there is no room (<see cref="SessionEventKind.StreamWritable"/> follows), −1 when the direction has ended.</returns>
    internal int Write(SessionStream stream, ReadOnlySpan<byte> bytes, Instant now, ReadOnlySpan<byte> digest = default)
    {
        if (_close.IsClosed || stream.Outbound.IsEnded)
            return -1;
        HandleTraffic(now);
        return bytes.IsEmpty ? 0 : _sending.TryWrite(stream.Outbound, bytes, digest, now);
    }

    /// <summary>Our direction is done: what was written is still delivered. Nothing, when it has ended.</summary>
    internal void Finish(SessionStream stream, Instant now) => End(stream, EntryKind.StreamFinish, 0, now);

    /// <summary>Gives our direction up: what was not delivered may be lost. Nothing, when it has ended.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="code">The application's, at least 0.</param>
    /// <param name="now">The driver's time.</param>
    internal void Reset(SessionStream stream, int code, Instant now) => End(stream, EntryKind.StreamReset, code, now);

    /// <summary>Wants no more of the remote's direction: what still comes is dropped, and the remote is told. Nothing, when it has ended.</summary>
    internal void Stop(SessionStream stream, int code, Instant now)
    {
        if (_close.IsClosed || stream.Inbound.IsEnded || stream.Inbound.IsStopped)
            return;
        stream.Inbound.IsStopped = true;
        _sending.SendControl(stream.Outbound, EntryKind.StreamStop, (ulong)code, now);
    }

    /// <summary>A link to the remote stands.</summary>
    /// <param name="rank">What kind of path it is.</param>
    /// <param name="promised">The generation that message 2 of its handshake promised; 0 for none.</param>
    /// <param name="now">The driver's time.</param>
    internal SessionLink AddLink(LinkRank rank, uint promised, Instant now)
    {
        var link = _links.Add(rank, promised, now, out var hasMoved);
        if (hasMoved)
            HandleMoved();
        return link;
    }

    /// <summary>A link is gone: what was written to it may be lost. Nothing, when it was gone before.</summary>
    internal void RemoveLink(SessionLink link, Instant now)
    {
        if (_close.IsClosed)
            return;
        if (_links.Remove(link, now))
            HandleMoved();
        if (_links.Active is not null)
            return;
        _datagrams.Clear();
        Circuits?.HandleLinkLost();
    }

    /// <summary>What the lower id promises, in message 2, to a link that is being made; 0 when the present one is to stay.</summary>
    internal uint Promise(LinkRank rank, Instant now) => _close.IsClosed ? 0 : _links.Promise(rank, now);

    /// <summary>Takes one received record plaintext. False when it broke the protocol (the session is then closed) or the session was closed already.</summary>
    internal bool Handle(SessionLink link, ReadOnlySpan<byte> recordPlaintext, Instant now)
    {
        if (_close.IsClosed)
            return false;
        if (_links.HandleReceived(link, now))
            HandleMoved();
        var reader = new SpanReader(recordPlaintext);
        var nominations = 0;
        while (!reader.IsAtEnd && !_close.IsClosed)
        {
            // Each may make us write everything again: one a record is all that a remote has to say.
            if ((FrameType)reader.Rest[0] == FrameType.Nominate && ++nominations > 1)
            {
                Finish(GoodbyeCode.ProtocolViolation, "");
                return false;
            }

            if (TryHandleLinkFrame(link, ref reader, now, out var wasLinkFrame))
            {
                if (wasLinkFrame)
                    continue;
                // What was on its way over another link when the session moved, or over this one since an earlier time, comes again.
                if (!_links.Carries(link))
                    return true;
                if (TryHandleFrame(ref reader, now))
                    continue;
            }

            Finish(GoodbyeCode.ProtocolViolation, "");
            return false;
        }

        WatchProgress(now);
        return true;
    }

    /// <summary>To be called when <see cref="PollTimeout"/> has passed.</summary>
    internal void HandleTimeout(Instant now)
    {
        if (_close.IsClosed)
            return;
        _receiving.HandleTimeout(now);
        _sending.HandleTimeout(now);
        if (_links.HandleTimeout(now))
            Finish(GoodbyeCode.IdleTimeout, "");
        else if (_progress.Deadline is { } deadline && now >= deadline)
            Finish(GoodbyeCode.IdleTimeout, ProgressWatch.Reason);
        else if (!_isTrimmed && now - _lastTraffic >= _trimInterval)
            Trim();
    }

    /// <summary>
    /// Tells the remote that nobody takes a message. To be called between <see cref="PollEvent"/> and the next <see cref="PollRecord"/>: once the message
    /// was acknowledged it is too late, and nothing happens. <see cref="MessageConsumed"/> is due all the same.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">No message of this number was delivered.</exception>
    internal void Refuse(ulong number, int code) => _receiving.Refuse(number, code);

    /// <summary>The application is done with the payload of a message: its memory is used again, and the remote may send as much.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More is returned than was delivered.</exception>
    internal void MessageConsumed(PayloadLease payload, Instant now) => _receiving.MessageConsumed(payload, RoundTrip, now);

    /// <summary>The application is done with a piece of a stream.</summary>
    internal void StreamConsumed(SessionStream stream, PayloadLease payload, Instant now)
    {
        _streams.Consumed(stream, payload.Length, RoundTrip, now);
        _receiving.StreamConsumed(payload, RoundTrip, now);
    }

    /// <summary>The application is done with a datagram.</summary>
    internal void DatagramConsumed(PayloadLease payload) => _datagramArena.Return(payload);

    /// <summary>Asks for a PING in the next record of the active link; its round trip appears in the statistics.</summary>
    internal void RequestPing() => _links.Active?.Heartbeat.RequestPing();

    /// <summary>
    /// Closes gracefully: refuses new messages, writes what is queued, waits until all of it is acknowledged, then writes the GOODBYE and is closed; still
    /// delivers what arrives meanwhile. The remote can hold this up: the driver bounds the wait and then calls <see cref="Abort"/>.
    /// </summary>
    internal void Close(GoodbyeCode code, string reason) => _close.Drain(code, reason);

    /// <summary>Closes at once; the next polled record of the active link carries the GOODBYE.</summary>
    internal void Abort(GoodbyeCode code, string reason) => Finish(code, reason);

    /// <summary>Writes the next record plaintext of a link.</summary>
    /// <param name="link">Which one.</param>
    /// <param name="destination">At least <see cref="WireLimits.MinRecordLength"/> bytes, at most a record's capacity.</param>
    /// <param name="now">The driver's time.</param>
    /// <param name="unixMilliseconds">The wall clock, put into signed statements and used for nothing else.</param>
    /// <param name="lent">Empty. Takes what need not be copied into the record, and is good until <see cref="TakeBack"/>; null: all is copied.</param>
    /// <returns>Bytes written; 0 when there is nothing to send.</returns>
    internal int PollRecord(SessionLink link, Span<byte> destination, Instant now, ulong unixMilliseconds, LentPayloads? lent = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, WireLimits.MinRecordLength);
        var writer = new SpanWriter(destination);
        if (_close.IsClosed)
        {
            if (_links.Active is null || link == _links.Active)
                WriteLast(link, ref writer, now);
            return writer.Position;
        }

        _links.Write(link, ref writer, now);
        if (link != _links.Active)
            return writer.Position;
        _progress.HandlePolled();
        _receiving.WriteDue(ref writer);
        _datagrams.Write(ref writer);
        _sending.Write(ref writer, now, unixMilliseconds, lent);
        if (_close.IsDraining && _sending.IsDrained && _receiving.IsFlushed && writer.Remaining >= AcknowledgeFrame.MaxLength + GoodbyeFrame.MaxLength)
        {
            Finish(_close.Code, _close.Reason);
            WriteLast(link, ref writer, now);
        }
        else
        {
            Circuits?.Write(ref writer);
            if (writer.Position > 0)
                _receiving.WritePending(ref writer);
        }

        WatchProgress(now);
        return writer.Position;
    }

    /// <summary>What was lent to a record was sealed. Due once for each, also when the session is closed by then.</summary>
    internal void TakeBack(LentPayloads lent) => _sending.TakeBack(lent);

    /// <summary>True when <see cref="PollRecord"/> may have something for the link; false is certain.</summary>
    internal bool HasWork(SessionLink link)
    {
        if (_close.IsClosed)
            return true;
        return LinkSet.HasWork(link)
            || (link == _links.Active && (_receiving.HasWork || !_datagrams.IsEmpty || _sending.HasWork || _close.IsDraining || Circuits is { HasWork: true }));
    }

    /// <summary>When <see cref="HandleTimeout"/> is due; null when never.</summary>
    internal Instant? PollTimeout()
    {
        if (_close.IsClosed)
            return null;
        var due = Instant.Earlier(Instant.Earlier(_links.Deadline, _progress.Deadline), Instant.Earlier(_receiving.Deadline, _sending.Deadline));
        return _isTrimmed ? due : Instant.Earlier(due, _lastTraffic + _trimInterval);
    }

    /// <summary>Takes the oldest event. What waits here is bounded: messages by the credit we gave, outcomes by the send budget.</summary>
    internal bool PollEvent(out SessionEvent sessionEvent) => _events.TryDequeue(out sessionEvent);

    /// <summary>What the remote owes us: any sign of life soon, and progress in the end.</summary>
    private void WatchProgress(Instant now)
    {
        var isOwed = _sending.IsOutstanding;
        _links.HandleOwed(isOwed, now);
        _progress.Handle((_sending.Progress, isOwed), _receiving.Progress, _links.Active is { } active && HasWork(active), now);
    }

    private TimeSpan? RoundTrip => _links.Active?.Heartbeat.Rtt.Shortest;

    private void End(SessionStream stream, EntryKind kind, int code, Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(code);
        if (!_close.IsClosed && !stream.Outbound.IsEnded)
            _sending.SendControl(stream.Outbound, kind, (ulong)code, now);
    }

    /// <summary>Another link carries the session: what was written before may be lost.</summary>
    private void HandleMoved()
    {
        _sending.HandleLinkChanged();
        _receiving.HandleLinkChanged();
        Circuits?.HandleLinkLost();
    }

    /// <summary>Memory that a burst took is given back after a while without traffic.</summary>
    private void HandleTraffic(Instant now)
    {
        _lastTraffic = now;
        _isTrimmed = false;
    }

    private void Trim()
    {
        _isTrimmed = true;
        _sending.Trim();
        _receiving.Trim();
        if (_events.Count == 0)
            _events.TrimExcess();
    }

    private bool TryHandleLinkFrame(SessionLink link, ref SpanReader reader, Instant now, out bool wasLinkFrame)
    {
        wasLinkFrame = true;
        if ((FrameType)reader.Rest[0] == FrameType.Goodbye)
        {
            // Over whatever link it comes: a link that was never nominated may be told so too.
            if (!reader.TryReadByte(out _) || !GoodbyeFrame.TryRead(ref reader, out var goodbye))
                return false;
            Finish(goodbye.Code, goodbye.Reason, byRemote: true);
            return true;
        }

        var isGood = LinkFrames.TryHandle(_links, link, ref reader, now, out wasLinkFrame, out var hasMoved);
        if (hasMoved)
            HandleMoved();
        return isGood;
    }

    private bool TryHandleFrame(ref SpanReader reader, Instant now)
    {
        if (!reader.TryReadByte(out var type))
            return false;
        switch ((FrameType)type)
        {
            case FrameType.Protocol:
                return ProtocolFrame.TryRead(ref reader, out var protocol) && _receiving.TryHandle(protocol);
            case FrameType.Entry:
                HandleTraffic(now);
                return EntryFrame.TryRead(ref reader, out var entry) && _receiving.TryHandle(entry, now) && AnswerStops(now);
            case FrameType.Begin:
                HandleTraffic(now);
                return BeginFrame.TryRead(ref reader, out var begin) && _receiving.TryHandle(begin, now);
            case FrameType.More:
                HandleTraffic(now);
                return MoreFrame.TryRead(ref reader, out var more) && _receiving.TryHandle(more, now);
            case FrameType.End:
                return EndFrame.TryRead(ref reader, out var end) && _receiving.TryHandle(end, now) && AnswerStops(now);
            case FrameType.Batch:
                return BatchFrame.TryRead(ref reader, out var batch) && _receiving.TryHandle(batch, now) && AnswerStops(now);
            case FrameType.Acknowledge:
                return AcknowledgeFrame.TryRead(ref reader, out var acknowledgement) && TryHandle(acknowledgement, now);
            case FrameType.Refuse:
                return RefuseFrame.TryRead(ref reader, out var refusal) && _sending.TryHandle(refusal);
            case FrameType.StreamCredit:
                return StreamCreditFrame.TryRead(ref reader, out var credit) && TryHandle(credit);
            case FrameType.CreditReturn:
                return CreditReturnFrame.TryRead(ref reader, out var returned) && _receiving.TryHandle(returned);
            case FrameType.Datagram:
                return DatagramFrame.TryRead(ref reader, out var datagram) && TryHandle(datagram);
            case >= FrameType.CircuitOpen and <= FrameType.CircuitClose:
                return Circuits is not null && Circuits.TryHandle((FrameType)type, ref reader, now);
            default:
                return false;
        }
    }

    private bool TryHandle(in AcknowledgeFrame frame, Instant now)
    {
        var before = _sending.AcknowledgedThrough;
        if (!_sending.TryHandle(frame))
            return false;
        if (_sending.AcknowledgedThrough > before)
            _links.HandleProgress(_sending.IsNewAcknowledged, now);
        return true;
    }

    private bool TryHandle(in StreamCreditFrame frame)
    {
        var stream = _streams.Find(frame.Stream, out var isKnown);
        if (stream is not null)
            _sending.Raise(stream.Outbound, frame.Limit);
        return isKnown;
    }

    private bool TryHandle(in DatagramFrame frame)
    {
        _events.Enqueue(new SessionEvent(
            SessionEventKind.DatagramReceived, Protocol: Encoding.ASCII.GetString(frame.Protocol), Payload: _datagramArena.Copy(frame.Data)));
        return true;
    }

    /// <summary>The remote reads no more of some streams: our directions are reset, with its code.</summary>
    private bool AnswerStops(Instant now)
    {
        while (_streams.TryTakeStopped(out var stopped))
            _sending.GiveUp(stopped.Stream.Outbound, stopped.Code, now);
        return true;
    }

    private void Finish(GoodbyeCode code, string reason, bool byRemote = false)
    {
        if (!_close.TryClose(code, reason, byRemote))
            return;
        _sending.Abandon();
        _receiving.Wipe();
        _streams.Wipe();
        _datagrams.Clear();
        Circuits?.HandleLinkLost();
        _events.Enqueue(new SessionEvent(SessionEventKind.Closed, Code: (int)code, Reason: reason, ByRemote: byRemote));
    }

    /// <summary>Writes the GOODBYE if one is owed, and before it what is left to acknowledge: a remote that did nothing wrong shall know.</summary>
    private void WriteLast(SessionLink link, ref SpanWriter writer, Instant now)
    {
        if (!_close.OwesGoodbye)
            return;
        _links.Write(link, ref writer, now);
        if (_close.Code != GoodbyeCode.ProtocolViolation)
            _receiving.WritePending(ref writer);
        _close.WriteGoodbye(ref writer);
    }
}
