namespace Crust.Buffers;

/// <summary>
/// Long runs of bytes that belong to what is being written and were left out of it, with room in their place: who encrypts it reads them where they lie, which saves a copy. It shares
/// the payloads' leases until <see cref="ReturnTo"/>, so that nothing that happens meanwhile changes their bytes. Used again and again.
/// </summary>
internal sealed class LentPayloads
{
    /// <summary>Shorter runs are copied: cheaper than to remember them. Ours.</summary>
    internal const int MinLength = 2048;

    /// <summary>Most runs; what exceeds it is copied. Ours: a record of 64 KiB has the end of a message of that length and the beginning of the next.</summary>
    internal const int Capacity = 4;

    private readonly Run[] _runs = new Run[Capacity];
    private int _count;

    /// <summary>In the order of their offsets, none over another.</summary>
    internal ReadOnlySpan<Run> Runs => _runs.AsSpan(0, _count);

    /// <summary>Remembers a part of a payload instead of its copy; false when it is to be copied.</summary>
    /// <param name="offset">Where it belongs in what is being written: behind the run before.</param>
    /// <param name="payload">Whose part.</param>
    /// <param name="start">Where the part begins in it.</param>
    /// <param name="length">The part's length.</param>
    internal bool TryAdd(int offset, PayloadLease payload, int start, int length)
    {
        if (length < MinLength || _count == Capacity)
            return false;
        PayloadArena.Share(payload);
        _runs[_count++] = new Run(offset, payload, start, length);
        return true;
    }

    /// <summary>Copies all of them to where they belong.</summary>
    internal void CopyTo(Span<byte> written)
    {
        foreach (ref readonly var run in Runs)
            run.Bytes.CopyTo(written[run.Offset..]);
    }

    /// <summary>Gives the shares back to the arena that the payloads are of, and forgets them.</summary>
    internal void ReturnTo(PayloadArena arena)
    {
        foreach (ref readonly var run in Runs)
            arena.ReturnShare(run.Payload);
        _runs.AsSpan(0, _count).Clear();
        _count = 0;
    }

    /// <summary>A part of a payload.</summary>
    /// <param name="Offset">Where it belongs in what is being written.</param>
    /// <param name="Payload">Whose part.</param>
    /// <param name="Start">Where it begins there.</param>
    /// <param name="Length">Its length.</param>
    internal readonly record struct Run(int Offset, PayloadLease Payload, int Start, int Length)
    {
        internal ReadOnlySpan<byte> Bytes => Payload.Span.Slice(Start, Length);
    }
}
