using Crust.Identity.Evidence;
using Crust.Primitives;

namespace Crust.Session.Sending;

/// <summary>Gathers what was written whole until it is worth a signature: how long a batch goes on, and what must not wait for it to.</summary>
internal sealed class BatchGatherer(BatchSigner signer)
{
    /// <summary>How long a batch may gather beyond <see cref="WireLimits.BatchBytes"/>: a signature costs as much as hashing 100 KiB.</summary>
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(1);

    private Instant _began;

    /// <summary>The highest priority that waits for a signature: it does not wait until something long and less urgent was written too.</summary>
    private byte _urgency;

    internal bool IsEmpty => signer.IsEmpty;

    /// <summary>Signatures made.</summary>
    internal long Signed => signer.Signed;

    /// <summary>The last number under a signature.</summary>
    internal ulong SignedThrough => signer.SignedThrough;

    /// <summary>True when no more is to be gathered, although more could be written.</summary>
    /// <param name="now">Now.</param>
    /// <param name="budget">What may be queued and wait for acknowledgement: a batch does not take more than a quarter.</param>
    internal bool IsFull(Instant now, long budget) =>
        signer.Count == WireLimits.MaxBatchMessages
        || (signer.Bytes >= WireLimits.BatchBytes && (now - _began >= BatchTime || signer.Bytes >= budget / 4));

    /// <summary>True when what was gathered is to be signed before an entry goes on that does not fit the record.</summary>
    internal bool GoesBefore(int priority, int left, int room) => !signer.IsEmpty && left > room && (_urgency < priority || left > WireLimits.BatchBytes);

    /// <summary>An entry was written whole.</summary>
    internal void Gather(OutboundEntry entry, Instant now)
    {
        if (signer.IsEmpty)
            (_began, _urgency) = (now, entry.Priority);
        _urgency = Math.Min(_urgency, entry.Priority);
        // The receiver knows protocol and place from what it has of the stream: the place is where the written data ends, whatever a reset discarded;
        // and of a stream that is stopped it may have nothing any more.
        var isStop = entry.Kind == EntryKind.StreamStop;
        var (protocol, offset) = isStop ? ([], 0) : (entry.Protocol.Name, entry.Stream?.WrittenThrough ?? 0);
        var leaf = new Leaf((SignedContent)entry.Kind, protocol, entry.Stream?.Id ?? 0, entry.Number, offset, entry.IsUnsigned);
        if (entry.Digest is { IsEmpty: false } digest && !entry.IsUnsigned)
            signer.Gather(leaf, entry.Payload.Length, digest);
        else
            signer.Gather(leaf, entry.Payload.Span);
    }

    internal SignedBatch Sign(ulong unixMilliseconds) => signer.Sign(unixMilliseconds);

    internal void Trim() => signer.Trim();

    internal void Wipe() => signer.Wipe();
}
