using System.Diagnostics.CodeAnalysis;

namespace Crust.Session;

/// <summary>
/// Every message that has a number and no acknowledgement, with the statements that were signed over them, and a cursor: how far they have been
/// written on the present link. A new link puts the cursor back to the beginning. Numbers are contiguous; statements cover a prefix.
/// </summary>
internal sealed class SendLedger
{
    private readonly List<OutboundMessage> _messages = [];
    private readonly List<SignedBatch> _batches = [];
    private ulong _next = 1;
    private int _nextBatch;

    /// <summary>Messages retained.</summary>
    internal int Count => _messages.Count;

    internal ulong AcknowledgedThrough { get; private set; }

    internal ulong LastNumber => AcknowledgedThrough + (ulong)_messages.Count;

    /// <summary>Numbers and retains a message that is about to be written.</summary>
    internal void Add(OutboundMessage message)
    {
        message.Number = LastNumber + 1;
        _messages.Add(message);
        _next = message.Number + 1;
    }

    /// <summary>Retains a statement; it becomes the next to be written.</summary>
    internal void Add(SignedBatch batch) => _batches.Add(batch);

    /// <summary>The statement whose messages have all been written on this link while it has not.</summary>
    internal bool TryPeekBatch([NotNullWhen(true)] out SignedBatch? batch)
    {
        batch = _nextBatch < _batches.Count && _batches[_nextBatch].Last < _next ? _batches[_nextBatch] : null;
        return batch is not null;
    }

    internal void AdvanceBatch() => _nextBatch++;

    /// <summary>The next message to be written again on this link.</summary>
    internal bool TryPeekMessage([NotNullWhen(true)] out OutboundMessage? message)
    {
        message = _next <= LastNumber ? Find(_next) : null;
        return message is not null;
    }

    internal void AdvanceMessage() => _next++;

    /// <summary>The retained message of a number; null when there is none.</summary>
    internal OutboundMessage? Find(ulong number) =>
        number > AcknowledgedThrough && number <= LastNumber ? _messages[(int)(number - AcknowledgedThrough - 1)] : null;

    /// <summary>True when the number ends a statement that is retained, or is where the acknowledgements stand.</summary>
    internal bool IsBatchEnd(ulong number)
    {
        if (number == AcknowledgedThrough)
            return true;
        foreach (var batch in _batches)
        {
            if (batch.Last == number)
                return true;
        }

        return false;
    }

    /// <summary>Lets go of everything up to a number and appends it to <paramref name="released"/>.</summary>
    internal void Acknowledge(ulong through, List<OutboundMessage> released)
    {
        var count = (int)(through - AcknowledgedThrough);
        released.AddRange(_messages.GetRange(0, count));
        _messages.RemoveRange(0, count);
        AcknowledgedThrough = through;
        _next = Math.Max(_next, through + 1);
        var batches = _batches.FindIndex(batch => batch.Last > through);
        if (batches < 0)
            batches = _batches.Count;
        _batches.RemoveRange(0, batches);
        _nextBatch = Math.Max(0, _nextBatch - batches);
    }

    /// <summary>A new link: everything retained is to be written again.</summary>
    internal void Rewind()
    {
        _next = AcknowledgedThrough + 1;
        _nextBatch = 0;
    }

    /// <summary>Everything retained, in order.</summary>
    internal IReadOnlyList<OutboundMessage> Messages => _messages;
}
