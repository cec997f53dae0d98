using System.Buffers;
using System.IO.Pipelines;

namespace Crust.Session.Circuits.Driver;

/// <summary>The reading end of a <see cref="CircuitLink"/>: a pipe that tells how much was consumed, since that is what gives the other end credit. One reader at a time.</summary>
internal sealed class CircuitInput(PipeReader reader, Action<long> consumed) : PipeReader
{
    private ReadOnlySequence<byte> _read;

    /// <inheritdoc/>
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        _read = result.Buffer;
        return result;
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        if (!reader.TryRead(out result))
            return false;
        _read = result.Buffer;
        return true;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumedTo) => AdvanceTo(consumedTo, consumedTo);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumedTo, SequencePosition examined)
    {
        var count = _read.Slice(_read.Start, consumedTo).Length;
        _read = default;
        reader.AdvanceTo(consumedTo, examined);
        if (count > 0)
            consumed(count);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => reader.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => reader.Complete(exception);
}
