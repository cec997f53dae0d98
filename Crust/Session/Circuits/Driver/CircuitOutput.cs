using System.IO.Pipelines;
using Crust.Buffers;
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

    private const int LargeBufferLength = 256 * 1024;
    private const int LargePiece = 16 * 1024;

    private readonly AsyncSignal _room = new();
    private byte[]? _buffer;
    private int _end;
    private bool _isCompleted;
    private volatile bool _cancelFlush;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _end;

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsMemory(_end);
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsSpan(_end);
    }

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, (_buffer?.Length ?? 0) - _end);
        _end += bytes;
    }

    /// <inheritdoc/>
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_buffer is { } buffer)
        {
            _buffer = null;
            var length = _end;
            _end = 0;
            if (length == 0 || !link.TrySend(buffer, length))
                SlabPool.Return(buffer);
        }

        while (!_cancelFlush && !link.IsEnded && link.Queued > MaxQueued)
            await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
        var isCanceled = _cancelFlush;
        _cancelFlush = false;
        return link.IsEnded ? throw link.Failure() : new FlushResult(isCanceled, _isCompleted);
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush()
    {
        _cancelFlush = true;
        _room.Set();
    }

    /// <summary>Gives the buffer back. What was not flushed is lost.</summary>
    public override void Complete(Exception? exception = null)
    {
        _isCompleted = true;
        if (_buffer is not null)
            SlabPool.Return(_buffer);
        _buffer = null;
        _end = 0;
    }

    /// <summary>Bytes left the queue, or the circuit is over.</summary>
    internal void HandleProgress() => _room.Set();

    private void MakeRoom(int sizeHint)
    {
        if (_isCompleted)
            throw new InvalidOperationException("The writer was completed.");
        var wanted = Math.Max(sizeHint, 1);
        if (_buffer is not null && _buffer.Length - _end >= wanted)
            return;
        var larger = SlabPool.Rent(Math.Max(wanted >= LargePiece ? LargeBufferLength : SlabPool.MinLength, _end + wanted));
        if (_buffer is not null)
        {
            _buffer.AsSpan(0, _end).CopyTo(larger);
            SlabPool.Return(_buffer);
        }

        _buffer = larger;
    }
}
