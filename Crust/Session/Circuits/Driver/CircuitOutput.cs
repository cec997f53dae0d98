using System.IO.Pipelines;
using Crust.Buffers;
using Crust.Primitives.Driver;
using Crust.Session.Driver;

namespace Crust.Session.Circuits.Driver;

/// <summary>
/// The writing end of a <see cref="CircuitLink"/>: one buffer, whose memory a flush hands to the hop as it is. A flush waits while more than
/// <see cref="MaxQueued"/> bytes are queued there. One writer at a time.
/// </summary>
internal sealed class CircuitOutput(CircuitLink link) : PipeWriter
{
    /// <summary>Ours: what a hop's writing loop takes at a time. With what one flush adds it bounds what a circuit holds.</summary>
    internal const int MaxQueued = 128 * 1024;

    private readonly AsyncSignal _room = new();
    private OutputBuffer<SlabArrays> _buffer;
    private volatile bool _cancelFlush;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _buffer.Length;

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer.Room(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => _buffer.Room(sizeHint).Span;

    /// <inheritdoc/>
    public override void Advance(int bytes) => _buffer.Advance(bytes);

    /// <inheritdoc/>
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_buffer.Take(out var length) is { } buffer && (length == 0 || !link.TrySend(buffer, length)))
            SlabPool.Return(buffer);
        while (!_cancelFlush && !link.IsEnded && link.Queued > MaxQueued)
            await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
        var isCanceled = _cancelFlush;
        _cancelFlush = false;
        return link.IsEnded ? throw link.Failure() : new FlushResult(isCanceled, _buffer.IsCompleted);
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush()
    {
        _cancelFlush = true;
        _room.Set();
    }

    /// <summary>Gives the buffer back. What was not flushed is lost.</summary>
    public override void Complete(Exception? exception = null) => _buffer.Complete();

    /// <summary>Bytes left the queue, or the circuit is over.</summary>
    internal void HandleProgress() => _room.Set();
}
