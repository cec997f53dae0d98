using Crust.Buffers;
using Crust.Session.Frames;

namespace Crust.Session.Receiving;

/// <summary>
/// Puts fragments together, one entry in each lane, and holds the order of numbers. On one link numbers only rise; a number is new when it follows the
/// last one that is new, and a duplicate when it is at or below what was verified before the link changed. Duplicates are skipped without keeping a byte,
/// and the sender may leave out the rest of them.
/// </summary>
internal sealed class EntryAssembler(ReceiveWindow messages, ReceiveWindow streams, InboundProtocols protocols, PayloadArena arena)
{
    /// <summary>What is set aside for an entry at its beginning, at most: more only as bytes arrive, since announcing a length costs a remote nothing.</summary>
    private const int FirstRoom = 64 << 10;

    /// <summary>Ours: the entries of a batch and more.</summary>
    private const int MaxSpare = 2048;

    private readonly InboundEntry?[] _lanes = new InboundEntry?[WireLimits.PriorityCount];
    private readonly Stack<InboundEntry> _spare = new();
    private ulong _last;

    /// <summary>True while an entry has begun that is new and whose end has not come.</summary>
    internal bool IsHalf => Array.Exists(_lanes, static entry => entry is { IsDuplicate: false });

    /// <summary>Takes a whole entry; null in <paramref name="completed"/> for a duplicate. False when it breaks the protocol.</summary>
    internal bool TryHandle(in EntryFrame frame, ulong verifiedThrough, out InboundEntry? completed)
    {
        completed = null;
        var isDuplicate = frame.Number <= verifiedThrough;
        if (!TryEnter(frame.Shape.Priority) || !TryFindProtocol(frame.Shape, out var protocol) || !TryAdvance(frame.Number, verifiedThrough))
            return false;
        if (isDuplicate)
            return true;
        if (!WindowOf(frame.Shape).TryCharge(WireLimits.Cost(frame.Data.Length)))
            return false;
        var entry = Take();
        entry.Shape = frame.Shape;
        entry.Protocol = protocol;
        entry.Number = frame.Number;
        entry.Length = entry.Filled = frame.Data.Length;
        entry.Payload = arena.Copy(frame.Data);
        completed = entry;
        return true;
    }

    /// <summary>Takes a first fragment. False when its lane is taken, its protocol unknown or its credit spent.</summary>
    internal bool TryHandle(in BeginFrame frame, ulong verifiedThrough)
    {
        var isDuplicate = frame.Number > 0 && frame.Number <= verifiedThrough;
        if (!TryEnter(frame.Shape.Priority) || !TryFindProtocol(frame.Shape, out var protocol))
            return false;
        var window = WindowOf(frame.Shape);
        if (!isDuplicate)
        {
            if (!window.TryCharge(WireLimits.Cost(frame.Data.Length)))
                return false;
            window.Promise(frame.TotalLength - frame.Data.Length);
        }

        var entry = Take();
        entry.Shape = frame.Shape;
        entry.Protocol = protocol;
        entry.Number = frame.Number;
        entry.Length = frame.TotalLength;
        entry.IsDuplicate = isDuplicate;
        _lanes[frame.Shape.Priority] = entry;
        Append(entry, frame.Data);
        return true;
    }

    /// <summary>Takes a further fragment; false when it overruns its entry or its credit.</summary>
    internal bool TryHandle(in MoreFrame frame) =>
        _lanes[frame.Lane] is { } entry && frame.Data.Length < entry.Length - entry.Filled && TryAppend(entry, frame.Data);

    /// <summary>Takes a last fragment; null in <paramref name="completed"/> for a duplicate. False when it does not fit its entry.</summary>
    internal bool TryHandle(in EndFrame frame, ulong verifiedThrough, out InboundEntry? completed)
    {
        completed = null;
        if (_lanes[frame.Lane] is not { } entry
            || frame.Data.Length != entry.Length - entry.Filled
            || (entry.Number > 0 && entry.Number != frame.Number)
            || (frame.Number <= verifiedThrough) != entry.IsDuplicate
            || !TryAdvance(frame.Number, verifiedThrough)
            || !TryAppend(entry, frame.Data))
            return false;
        entry.Number = frame.Number;
        _lanes[frame.Lane] = null;
        if (entry.IsDuplicate)
            Return(entry);
        else
            completed = entry;
        return true;
    }

    /// <summary>Takes back an entry's object; its payload has another owner by now.</summary>
    internal void Return(InboundEntry entry)
    {
        entry.Protocol = null;
        entry.Payload = PayloadLease.Empty;
        entry.Number = 0;
        entry.Filled = 0;
        entry.IsDuplicate = false;
        if (_spare.Count < MaxSpare)
            _spare.Push(entry);
    }

    /// <summary>The link changed: numbers begin anew, and what is half received will come again.</summary>
    internal void Forget()
    {
        for (var lane = 0; lane < _lanes.Length; lane++)
        {
            if (_lanes[lane] is not { } entry)
                continue;
            if (!entry.IsDuplicate)
            {
                var window = WindowOf(entry.Shape);
                window.Refund(WireLimits.Cost(entry.Filled));
                window.Promise(entry.Filled - entry.Length);
            }

            arena.Return(entry.Payload);
            Return(entry);
            _lanes[lane] = null;
        }

        _last = 0;
    }

    /// <summary>Gives up what was received whole and never verified: it will come again.</summary>
    internal void Refund(InboundEntry entry)
    {
        WindowOf(entry.Shape).Refund(entry.Cost);
        arena.Return(entry.Payload);
        Return(entry);
    }

    internal void Trim()
    {
        _spare.Clear();
        _spare.TrimExcess();
    }

    /// <summary>Whether an entry may begin in a lane: when it is free, or what it holds is a duplicate of which the sender leaves out the rest.</summary>
    private bool TryEnter(byte lane)
    {
        if (_lanes[lane] is not { } entry)
            return true;
        if (!entry.IsDuplicate)
            return false;
        Return(entry);
        _lanes[lane] = null;
        return true;
    }

    private ReceiveWindow WindowOf(in EntryShape shape) => shape.Kind == EntryKind.Message ? messages : streams;

    private bool TryFindProtocol(in EntryShape shape, out InboundProtocol? protocol)
    {
        protocol = shape.HasProtocol ? protocols.Find(shape.Protocol) : null;
        return protocol is not null || !shape.HasProtocol;
    }

    private bool TryAdvance(ulong number, ulong verifiedThrough)
    {
        if (number <= _last || number > Math.Max(_last, verifiedThrough) + 1)
            return false;
        _last = number;
        return true;
    }

    private InboundEntry Take() => _spare.TryPop(out var entry) ? entry : new InboundEntry();

    private bool TryAppend(InboundEntry entry, ReadOnlySpan<byte> data)
    {
        if (!entry.IsDuplicate)
        {
            var window = WindowOf(entry.Shape);
            if (!window.TryCharge(data.Length))
                return false;
            window.Promise(-data.Length);
        }

        Append(entry, data);
        return true;
    }

    private void Append(InboundEntry entry, ReadOnlySpan<byte> data)
    {
        if (!entry.IsDuplicate)
        {
            MakeRoom(entry, entry.Filled + data.Length);
            data.CopyTo(entry.Payload.Span[entry.Filled..]);
        }

        entry.Filled += data.Length;
    }

    private void MakeRoom(InboundEntry entry, int needed)
    {
        if (needed <= entry.Payload.Length)
            return;
        var larger = arena.Rent(Math.Min(entry.Length, Math.Max(Math.Max(FirstRoom, needed), entry.Payload.Length * 2)));
        entry.Payload.Span[..entry.Filled].CopyTo(larger.Span);
        arena.Return(entry.Payload);
        entry.Payload = larger;
    }
}
