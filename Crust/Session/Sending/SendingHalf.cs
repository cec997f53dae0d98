using System.Buffers.Binary;
using Crust.Buffers;
using Crust.Identity.Evidence;
using Crust.Primitives;
using Crust.Session.Frames;
using Crust.Session.Streams;
using Crust.Wire;

namespace Crust.Session.Sending;

/// <summary>
/// The outward direction of a session: what is queued, written, signed, retained and paid for. Each priority has a lane in which one entry is written
/// at a time, so that a higher one can step in between the fragments of a lower; a number is given with an entry's last byte.
/// </summary>
internal sealed class SendingHalf
{
    /// <summary>Drops are told so often at most. Ours: who sends into a session that takes nothing would fill a log.</summary>
    private static readonly TimeSpan TellingInterval = TimeSpan.FromSeconds(10);

    private readonly Queue<SessionEvent> _events;
    private readonly PayloadArena _arena = new();
    private readonly EntryPool _pool = new();
    private readonly SendBudget _messageBudget;
    private readonly SendBudget _streamBudget;
    private readonly SendScheduler _queue;
    private readonly SendLedger _ledger = new();
    private readonly SendCredit _messageCredit = new();
    private readonly SendCredit _streamCredit = new();
    private readonly CreditReturn _return;
    private readonly OutboundProtocols _protocols;
    private readonly FragmentWriter _fragments;
    private readonly StreamTable _table;
    private readonly BatchGatherer? _signer;
    private readonly OutboundEntry?[] _lanes = new OutboundEntry?[WireLimits.PriorityCount];
    private readonly List<OutboundEntry> _discarded = [];
    private readonly List<OutboundStream> _awaitedStreams = [];
    private ulong _writtenThrough;
    private ulong _numberedBefore;
    private int _untold;
    private Instant _nextTelling;

    internal SendingHalf(SessionParameters parameters, StreamTable table, Queue<SessionEvent> events)
    {
        _events = events;
        _table = table;
        _return = new CreditReturn(_messageCredit, _streamCredit);
        _protocols = new OutboundProtocols(parameters.LeavesUnsigned);
        _fragments = new FragmentWriter(_protocols);
        _messageBudget = new SendBudget(parameters.Limits);
        _streamBudget = new SendBudget(parameters.Limits);
        _queue = new SendScheduler(parameters.Limits.MaxQueueAge);
        _signer = parameters.SendSigned ? new BatchGatherer(new BatchSigner(parameters)) : null;
    }

    /// <summary>True when nothing waits to be written or acknowledged.</summary>
    internal bool IsDrained => _queue.Count == 0 && _ledger.Count == 0 && !HasLane();

    /// <summary>True when the remote owes an acknowledgement of something that it can have received.</summary>
    internal bool IsOutstanding => _ledger.Count > 0 || HasLane();

    /// <summary>True when <see cref="Write"/> may have something to write; false is certain.</summary>
    internal bool HasWork =>
        _ledger.IsBehind
        || _return.IsDue
        || _signer is { IsEmpty: false }
        || (_queue.Count > 0 && (_messageCredit.MayBegin || _streamCredit.MayBegin))
        || MayContinue();

    internal ulong AcknowledgedThrough => _ledger.AcknowledgedThrough;

    /// <summary>Whether the remote has something that was numbered since the link changed, which no link before has carried.</summary>
    internal bool IsNewAcknowledged => _ledger.AcknowledgedThrough > _numberedBefore;

    /// <summary>Rises with whatever is written for the first time or acknowledged, and with nothing else.</summary>
    internal long Progress => (long)_ledger.AcknowledgedThrough + _messageCredit.Spent + _streamCredit.Spent;

    internal int QueuedMessages => _queue.Count;

    internal int UnacknowledgedMessages => _ledger.Count;

    internal long MessagesSent { get; private set; }

    internal long BytesSent { get; private set; }

    internal long MessagesRetransmitted { get; private set; }

    internal long BytesRetransmitted { get; private set; }

    internal long MessagesDropped { get; private set; }

    /// <summary>Bytes of memory that payloads hold.</summary>
    internal long HeldBytes => _arena.Held;

    internal long BatchesSigned => _signer?.Signed ?? 0;

    /// <summary>The most that may be queued and wait for acknowledgement, of messages and of streams.</summary>
    internal long BudgetLimit => _messageBudget.Limit + _streamBudget.Limit;

    /// <summary>When the next message grows stale.</summary>
    internal Instant? Deadline => _queue.Deadline;

    /// <summary>The last number that the remote may acknowledge: it was written whole at some time and, in a signed direction, signed.</summary>
    private ulong AcknowledgeableThrough => _signer?.SignedThrough ?? _writtenThrough;

    /// <summary>Queues a message.</summary>
    /// <param name="protocol">1 to 64 printable ASCII characters.</param>
    /// <param name="priority">0 to 3.</param>
    /// <param name="payload">Copied, unless <paramref name="ownedArray"/> holds the same bytes from its start.</param>
    /// <param name="ownedArray">An array of <see cref="SlabPool"/> that this takes over if it queues the message; null to copy.</param>
    /// <param name="digest">BLAKE3 of the payload if it <see cref="Leaf.NeedsDigest"/> and is known; else empty.</param>
    /// <param name="token">Comes back in one outcome; 0 asks for none.</param>
    /// <param name="now">Now.</param>
    internal SendResult TrySend(string protocol, byte priority, ReadOnlySpan<byte> payload, byte[]? ownedArray, ReadOnlySpan<byte> digest, long token, Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(priority, WireLimits.PriorityCount);
        if (payload.Length > WireLimits.MaxMessageLength)
            return SendResult.TooLarge;
        if (_protocols.Find(protocol) is not { } outbound)
            return SendResult.InvalidProtocol;
        if (!_messageBudget.TryReserve(WireLimits.Cost(payload.Length)))
            return SendResult.Full;
        var entry = _pool.Take();
        entry.SetMessage(outbound, priority, ownedArray is null ? _arena.Copy(payload) : _arena.Adopt(ownedArray, payload.Length), digest, token, now);
        _queue.Enqueue(entry);
        return SendResult.Queued;
    }

    /// <summary>The send side of a stream; null when the protocol is not a name, or one too many.</summary>
    internal OutboundStream? NewStream(string protocol, byte priority) =>
        _protocols.Find(protocol) is { } outbound ? new OutboundStream(outbound, priority) : null;

    /// <summary>Queues an entry of a stream that carries no data.</summary>
    internal void SendControl(OutboundStream stream, EntryKind kind, ulong code, Instant now)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, code);
        var payload = kind is EntryKind.StreamReset or EntryKind.StreamStop ? _arena.Copy(bytes) : PayloadLease.Empty;
        if (kind == EntryKind.StreamReset)
            Discard(stream);
        if (kind is EntryKind.StreamReset or EntryKind.StreamFinish)
            stream.End();
        _streamBudget.TakeAnyway(WireLimits.Cost(payload.Length));
        Enqueue(kind, stream, payload, now);
    }

    /// <summary>
    /// The remote reads no more of a stream: our direction is reset, even when a finish waits to be written, since a reader that is gone gives no credit for
    /// what stands before it.
    /// </summary>
    internal void GiveUp(OutboundStream stream, int code, Instant now)
    {
        if (!stream.IsEnded || stream.Flow.HasFinish)
            SendControl(stream, EntryKind.StreamReset, (ulong)code, now);
    }

    /// <summary>Queues bytes of a stream; returns how many were taken, 0 when there is no room now. With their digest there are at most <see cref="WireLimits.MaxStreamChunk"/>, all or none of which are taken.</summary>
    internal int TryWrite(OutboundStream stream, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> digest, Instant now)
    {
        if (!digest.IsEmpty)
            ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, WireLimits.MaxStreamChunk, nameof(bytes));
        var length = Math.Min(bytes.Length, WireLimits.MaxStreamChunk);
        if (!stream.HasRoom(_streamBudget) || !_streamBudget.TryReserve(WireLimits.Cost(length)))
        {
            if (!stream.IsAwaited)
                _awaitedStreams.Add(stream);
            stream.IsAwaited = true;
            return 0;
        }

        Enqueue(EntryKind.StreamData, stream, _arena.Copy(bytes[..length]), now, digest);
        stream.Queued(length);
        return length;
    }

    /// <summary>The remote lets a stream go further.</summary>
    internal void Raise(OutboundStream stream, ulong limit)
    {
        stream.Raise(limit);
        _queue.Activate(stream.Flow);
    }

    /// <summary>Takes an acknowledgement; false when it covers what cannot be acknowledged, or takes something back.</summary>
    internal bool TryHandle(in AcknowledgeFrame frame)
    {
        if (frame.Through < _ledger.AcknowledgedThrough
            || frame.Through > AcknowledgeableThrough
            || (_signer is not null && !_ledger.IsBatchEnd(frame.Through))
            || !_messageCredit.TryRaise(frame.MessageCredit)
            || !_streamCredit.TryRaise(frame.StreamCredit))
            return false;
        while (_ledger.TryRelease(frame.Through, out var entry))
        {
            (entry.Stream is null ? _messageBudget : _streamBudget).ReleaseRetained(entry.Cost);
            Tell(entry, SessionEventKind.Acknowledged);
            if (entry.Kind is EntryKind.StreamFinish or EntryKind.StreamReset)
            {
                entry.Stream!.Done();
                _table.RemoveIfOver(entry.Stream.Owner);
            }

            Recycle(entry);
        }

        AnnounceRoom();
        return true;
    }

    /// <summary>Takes a refusal; false for a number that was never sent. One that comes after the acknowledgement has nothing left to tell.</summary>
    internal bool TryHandle(in RefuseFrame frame)
    {
        if (frame.Number > AcknowledgeableThrough)
            return false;
        if (_ledger.Find(frame.Number) is { } entry)
            Tell(entry, SessionEventKind.Refused, frame.Code);
        return true;
    }

    /// <summary>Drops what has waited too long.</summary>
    internal void HandleTimeout(Instant now)
    {
        while (_queue.TryTakeStale(now, out var entry))
        {
            MessagesDropped++;
            _untold++;
            _messageBudget.Release(entry.Cost);
            Tell(entry, SessionEventKind.NotSent);
            Recycle(entry);
        }

        if (_untold > 0 && now >= _nextTelling)
        {
            _events.Enqueue(new SessionEvent(SessionEventKind.Dropped, Code: _untold));
            (_untold, _nextTelling) = (0, now + TellingInterval);
        }

        AnnounceRoom();
    }

    /// <summary>Fills the rest of a record.</summary>
    internal void Write(ref SpanWriter writer, Instant now, ulong unixMilliseconds, LentPayloads? lent)
    {
        _fragments.Lent = lent;
        _return.Write(ref writer);
        while (WriteNext(ref writer, now, unixMilliseconds))
        {
        }
    }

    /// <summary>A new link: ids and half-written entries are forgotten, everything retained is written again.</summary>
    internal void HandleLinkChanged()
    {
        _protocols.Forget();
        _numberedBefore = _ledger.LastNumber;
        _ledger.Rewind();
        _return.HandleLinkChanged();
        foreach (var entry in _lanes)
        {
            // What it paid stays paid, or others could take the credit and it would hold its lane without getting on.
            if (entry is not null)
                entry.Written = 0;
        }
    }

    /// <summary>The session is idle: lets memory go that the next burst takes again.</summary>
    internal void Trim()
    {
        if (!IsDrained)
            return;
        _pool.Trim();
        _arena.Trim();
        _queue.Trim();
        _ledger.Trim();
        _signer?.Trim();
        _return.HandleIdle();
        _messageBudget.Shrink();
        _streamBudget.Shrink();
    }

    /// <summary>The session is over: tells the outcome of every message that has none, wipes the secret and gives memory back.</summary>
    internal void Abandon()
    {
        for (var i = 0; i < _ledger.Count; i++)
            Strand(_ledger.At(i), SessionEventKind.OutcomeUnknown);
        // Without its last fragment nothing of a message can have been delivered.
        foreach (var entry in _lanes)
        {
            if (entry is { Number: 0 })
                Strand(entry, SessionEventKind.NotSent);
        }

        while (_queue.TryTakeAny(out var entry))
            Strand(entry, SessionEventKind.NotSent);
        _signer?.Wipe();
        _messageBudget.Shrink();
        _streamBudget.Shrink();
    }

    /// <summary>Writes one more piece; false when there is none or it does not fit.</summary>
    private bool WriteNext(ref SpanWriter writer, Instant now, ulong unixMilliseconds)
    {
        if (_ledger.TryPeekBatch(out var batch))
            return TryWriteBatch(ref writer, batch);
        if (_ledger.TryPeekEntry(out var retained))
            return TryWriteAgain(ref writer, retained);
        if (_signer is not null && _signer.IsFull(now, _messageBudget.Limit))
            return TrySign(ref writer, unixMilliseconds);
        for (var lane = 0; lane < WireLimits.PriorityCount; lane++)
        {
            var entry = _lanes[lane];
            if (entry is null && !_queue.TryPeek(lane, _messageCredit.MayBegin, _streamCredit.MayBegin, out entry))
                continue;
            if (CreditFor(entry) <= 0)
                continue;
            var left = entry.Payload.Length - entry.Written;
            if (_signer is not null && _signer.GoesBefore(lane, left, writer.Remaining))
                return TrySign(ref writer, unixMilliseconds);
            return TryWriteNew(ref writer, entry, now);
        }

        return _signer is { IsEmpty: false } && TrySign(ref writer, unixMilliseconds);
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

    private bool TryWriteNew(ref SpanWriter writer, OutboundEntry entry, Instant now)
    {
        var wasInLane = _lanes[entry.Priority] == entry;
        var opens = entry.Kind == EntryKind.StreamOpen;
        if (opens)
            entry.Stream!.Id = _table.NextId;
        var length = _fragments.TryWrite(ref writer, entry, _ledger.LastNumber + 1, CreditFor(entry));
        if (length < 0)
        {
            if (opens)
                entry.Stream!.Id = 0;
            return false;
        }

        if (opens)
            _table.Opened(entry.Stream!.Owner);
        var owed = WireLimits.Cost(entry.Written) - entry.Paid;
        if (owed > 0)
        {
            CreditOf(entry).Spend(owed);
            entry.Paid += owed;
        }

        if (!wasInLane)
        {
            _queue.Take(entry);
            _lanes[entry.Priority] = entry;
            // Who waits for room need not wait for an acknowledgement when what holds him back is under way.
            if ((entry.Stream is null ? _messageBudget : _streamBudget).Retain(entry.Cost))
                AnnounceRoom();
        }

        if (entry.Written == entry.Payload.Length)
            Complete(entry, now);
        return true;
    }

    /// <summary>The last byte was written: the entry has its number.</summary>
    private void Complete(OutboundEntry entry, Instant now)
    {
        _lanes[entry.Priority] = null;
        _ledger.Add(entry);
        entry.Written = 0;
        _writtenThrough = entry.Number;
        _signer?.Gather(entry, now);
        if (entry.Kind == EntryKind.Message)
        {
            MessagesSent++;
            BytesSent += entry.Payload.Length;
        }
        else if (entry.Kind == EntryKind.StreamData)
        {
            BytesSent += entry.Payload.Length;
            entry.Stream!.Written(entry.Payload.Length);
            if (entry.Stream.IsAwaited && entry.Stream.HasRoom(_streamBudget))
                AnnounceRoom();
        }
    }

    private bool TryWriteAgain(ref SpanWriter writer, OutboundEntry entry)
    {
        if (_fragments.TryWrite(ref writer, entry, entry.Number, long.MaxValue) < 0)
            return false;
        if (entry.Written < entry.Payload.Length)
            return true;
        entry.Written = 0;
        _ledger.AdvanceEntry();
        MessagesRetransmitted++;
        BytesRetransmitted += entry.Payload.Length;
        return true;
    }

    /// <summary>What an entry may cost further: what is available, and what it paid on a link that was lost.</summary>
    private long CreditFor(OutboundEntry entry) => CreditOf(entry).Available + entry.Paid - (entry.Written > 0 ? WireLimits.Cost(entry.Written) : 0);

    private bool MayContinue()
    {
        foreach (var entry in _lanes)
        {
            if (entry is not null && CreditFor(entry) > 0)
                return true;
        }

        return false;
    }

    private SendCredit CreditOf(OutboundEntry entry) => entry.Kind == EntryKind.Message ? _messageCredit : _streamCredit;

    private void Enqueue(EntryKind kind, OutboundStream stream, PayloadLease payload, Instant now, ReadOnlySpan<byte> digest = default)
    {
        var entry = _pool.Take();
        entry.SetStream(kind, stream, payload, digest, stream.QueuedThrough, now);
        _queue.Enqueue(entry);
    }

    /// <summary>Lets go of what a stream has in the queue; what was begun is ended.</summary>
    private void Discard(OutboundStream stream)
    {
        _queue.Discard(stream.Flow, _discarded);
        foreach (var entry in _discarded)
        {
            // The opening must reach the remote, or the reset would name a stream that it does not know.
            if (entry.Kind is EntryKind.StreamOpen or EntryKind.StreamStop)
            {
                _queue.Enqueue(entry);
                continue;
            }

            _streamBudget.Release(entry.Cost);
            Recycle(entry);
        }

        _discarded.Clear();
    }

    private void AnnounceRoom()
    {
        if (_messageBudget.TryAnnounceRoom())
            _events.Enqueue(new SessionEvent(SessionEventKind.Writable));
        if (_awaitedStreams.Count == 0)
            return;
        _ = _streamBudget.TryAnnounceRoom();
        for (var i = _awaitedStreams.Count - 1; i >= 0; i--)
        {
            var stream = _awaitedStreams[i];
            if (!stream.IsEnded && !(stream.HasRoom(_streamBudget) && _streamBudget.HasSomeRoom))
                continue;
            stream.IsAwaited = false;
            _awaitedStreams.RemoveAt(i);
            _events.Enqueue(new SessionEvent(SessionEventKind.StreamWritable, Stream: stream.Owner));
        }
    }

    /// <summary>What was lent to a record was sealed.</summary>
    internal void TakeBack(LentPayloads lent) => lent.ReturnTo(_arena);

    private bool HasLane() => Array.Exists(_lanes, static entry => entry is not null);

    private void Recycle(OutboundEntry entry)
    {
        _arena.Return(entry.Payload);
        _pool.Return(entry, BudgetLimit);
    }

    private void Tell(OutboundEntry entry, SessionEventKind kind, int code = 0)
    {
        if (entry.Token == 0)
            return;
        _events.Enqueue(new SessionEvent(kind, entry.Token, Code: code));
        entry.Token = 0;
    }

    /// <summary>The session is over: tells what became of a message, and gives its bytes to whoever wants to send them again.</summary>
    private void Strand(OutboundEntry entry, SessionEventKind kind)
    {
        if (entry.Kind == EntryKind.Message)
            _events.Enqueue(new SessionEvent(kind, entry.Token, Priority: entry.Priority, Protocol: System.Text.Encoding.ASCII.GetString(entry.Protocol.Name), Payload: entry.Payload));
    }
}
