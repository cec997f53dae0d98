using System.Diagnostics.CodeAnalysis;
using Crust.Primitives;

namespace Crust.Session.Sending;

/// <summary>
/// Every entry that has a number and no acknowledgement, with the statements that were signed over them, and a cursor: how far they have been
/// written on the present link. A new link puts the cursor back to the beginning. Numbers are contiguous; statements cover a prefix.
/// </summary>
internal sealed class SendLedger
{
    private readonly RingBuffer<OutboundEntry> _entries = new();
    private readonly RingBuffer<SignedBatch> _batches = new();
    private ulong _next = 1;
    private int _nextBatch;

    /// <summary>Entries retained.</summary>
    internal int Count => _entries.Count;

    /// <summary>True when something is to be written again, or a statement for the first time.</summary>
    internal bool IsBehind => _next <= LastNumber || _nextBatch < _batches.Count;

    internal ulong AcknowledgedThrough { get; private set; }

    internal ulong LastNumber => AcknowledgedThrough + (ulong)_entries.Count;

    /// <summary>Numbers and retains an entry whose last byte is about to be written.</summary>
    internal void Add(OutboundEntry entry)
    {
        entry.Number = LastNumber + 1;
        _entries.Add(entry);
        _next = entry.Number + 1;
    }

    /// <summary>Retains a statement; it becomes the next to be written.</summary>
    internal void Add(SignedBatch batch) => _batches.Add(batch);

    /// <summary>The statement whose entries have all been written on this link while it has not.</summary>
    internal bool TryPeekBatch([NotNullWhen(true)] out SignedBatch? batch)
    {
        batch = _nextBatch < _batches.Count && _batches[_nextBatch].Last < _next ? _batches[_nextBatch] : null;
        return batch is not null;
    }

    internal void AdvanceBatch() => _nextBatch++;

    /// <summary>The next entry to be written again on this link.</summary>
    internal bool TryPeekEntry([NotNullWhen(true)] out OutboundEntry? entry)
    {
        entry = _next <= LastNumber ? Find(_next) : null;
        return entry is not null;
    }

    internal void AdvanceEntry() => _next++;

    /// <summary>The retained entry of a number; null when there is none.</summary>
    internal OutboundEntry? Find(ulong number) =>
        number > AcknowledgedThrough && number <= LastNumber ? _entries[(int)(number - AcknowledgedThrough - 1)] : null;

    /// <summary>True when the number ends a statement that is retained, or is where the acknowledgements stand.</summary>
    internal bool IsBatchEnd(ulong number)
    {
        if (number == AcknowledgedThrough)
            return true;
        var (low, high) = (0, _batches.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var last = _batches[middle].Last;
            if (last == number)
                return true;
            if (last < number)
                low = middle + 1;
            else
                high = middle - 1;
        }

        return false;
    }

    /// <summary>Lets go of the oldest entry if its number is acknowledged.</summary>
    internal bool TryRelease(ulong through, [NotNullWhen(true)] out OutboundEntry? entry)
    {
        if (AcknowledgedThrough >= through || !_entries.TryTake(out entry))
        {
            entry = null;
            LetGoOfBatches();
            return false;
        }

        AcknowledgedThrough++;
        _next = Math.Max(_next, AcknowledgedThrough + 1);
        return true;
    }

    /// <summary>A new link: everything retained is to be written again.</summary>
    internal void Rewind()
    {
        // The one that was being written again when the link was lost.
        if (TryPeekEntry(out var half))
            half.Written = 0;
        _next = AcknowledgedThrough + 1;
        _nextBatch = 0;
    }

    /// <summary>The session is idle: lets the arrays go.</summary>
    internal void Trim()
    {
        _entries.TrimWhenEmpty(all: true);
        _batches.TrimWhenEmpty(all: true);
    }

    /// <summary>An entry by its place, the oldest first.</summary>
    internal OutboundEntry At(int index) => _entries[index];

    private void LetGoOfBatches()
    {
        while (_batches.Count > 0 && _batches[0].Last <= AcknowledgedThrough)
        {
            _ = _batches.TryTake(out _);
            _nextBatch = Math.Max(0, _nextBatch - 1);
        }
    }
}
