using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Crust.Utp.Driver;

/// <summary>
/// The writing end of a <see cref="UtpLink"/>: one contiguous buffer, rented between the first byte and the flush that hands the last one to the
/// connection. A flush sends at once; it waits only when the connection holds as much as it may, and then the socket's thread refills from here.
/// One writer at a time. A connection that failed is an <see cref="IOException"/>. <see cref="Complete"/> without an exception is a half close.
/// </summary>
internal sealed class UtpOutput(UtpLink link) : PipeWriter, IValueTaskSource<FlushResult>, IThreadPoolWorkItem
{
    /// <summary>Room in the buffer that begins with a large piece, so that it need not grow: what a link gathers between two flushes.</summary>
    private const int LargeBufferLength = 256 * 1024;

    /// <summary>A piece of this length begins with a large buffer.</summary>
    private const int LargePiece = 16 * 1024;

    private const int SmallBufferLength = 4 * 1024;

    /// <summary>The pending flush, while <see cref="_isWaiting"/>.</summary>
    private ManualResetValueTaskSourceCore<FlushResult> _pending;
    private CancellationToken _cancellation;
    private CancellationTokenRegistration _registration;
    private byte[]? _buffer;

    /// <summary>What lies before this the connection has.</summary>
    private int _start;
    private int _end;
    private bool _isCompleted;
    private bool _isWaiting;
    private bool _isQueued;
    private bool _cancelNext;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _end - _start;

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
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        ValueTask<FlushResult> wait;
        lock (link.Pump.Gate)
        {
            if (_isWaiting)
                throw new InvalidOperationException("A flush is under way.");
            if (_cancelNext)
            {
                _cancelNext = false;
                return ValueTask.FromResult(new FlushResult(isCanceled: true, isCompleted: false));
            }

            var isDone = TryWrite();
            if (isDone && _buffer is null)
                return ValueTask.FromResult(default(FlushResult));
            link.Pump.Drain();
            // Sending made room, or not.
            if (isDone || TryWrite())
            {
                Release();
                return ValueTask.FromResult(default(FlushResult));
            }

            _pending.Reset();
            _pending.RunContinuationsAsynchronously = false;
            _cancellation = cancellationToken;
            _isWaiting = true;
            wait = new ValueTask<FlushResult>(this, _pending.Version);
        }

        if (cancellationToken.CanBeCanceled)
            _registration = cancellationToken.UnsafeRegister(static s => ((UtpOutput)s!).HandleCancellation(), this);
        return wait;
    }

    /// <summary>Ends a flush that waits, or the next one. What the connection did not take yet stays for the flush after it.</summary>
    public override void CancelPendingFlush()
    {
        lock (link.Pump.Gate)
        {
            _cancelNext = !_isWaiting;
            if (!_isWaiting)
                return;
            _isWaiting = false;
        }

        _pending.RunContinuationsAsynchronously = true;
        _pending.SetResult(new FlushResult(isCanceled: true, isCompleted: false));
    }

    /// <summary>Gives the buffer back; what was not flushed is lost. Without an exception the remote learns that nothing more comes.</summary>
    public override void Complete(Exception? exception = null)
    {
        lock (link.Pump.Gate)
        {
            if (_isCompleted)
                return;
            _isCompleted = true;
            Release();
            if (exception is not null || link.IsClosed || link.IsOver)
                return;
            link.Connection.FinishWriting();
            link.Pump.Drain();
        }
    }

    /// <inheritdoc/>
    FlushResult IValueTaskSource<FlushResult>.GetResult(short token)
    {
        _registration.Dispose();
        _registration = default;
        return _pending.GetResult(token);
    }

    /// <inheritdoc/>
    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => _pending.GetStatus(token);

    /// <inheritdoc/>
    void IValueTaskSource<FlushResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _pending.OnCompleted(continuation, state, token, flags);

    /// <summary>The connection has room, or failed. Under the lock; whoever calls sends afterwards.</summary>
    internal void HandleWritable()
    {
        if (!_isWaiting || _isQueued || (End is null && !TryWrite()))
            return;
        _isQueued = true;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>A pool thread: the writer goes on.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        IOException? failure;
        lock (link.Pump.Gate)
        {
            _isQueued = false;
            if (!_isWaiting)
                return;
            _isWaiting = false;
            failure = _start < _end ? End : null;
            Release();
        }

        if (failure is null)
            _pending.SetResult(default);
        else
            _pending.SetException(failure);
    }

    /// <summary>Why nothing can be written any more; null while something can. Under the lock.</summary>
    private IOException? End => link.Failure ?? (link.IsOver ? new IOException("The µTP connection is finished.") : null);

    private void MakeRoom(int sizeHint)
    {
        if (_isCompleted)
            throw new InvalidOperationException("The writer was completed.");
        var wanted = Math.Max(sizeHint, 1);
        if (_buffer is not null && _buffer.Length - _end >= wanted)
            return;
        var length = wanted >= LargePiece ? LargeBufferLength : SmallBufferLength;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(length, _end - _start + wanted));
        if (_buffer is not null)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _start, _end) = (larger, 0, _end - _start);
    }

    /// <summary>Hands over what the connection takes now; true when that is everything. Under the lock.</summary>
    private bool TryWrite()
    {
        if (End is { } end)
            throw end;
        if (_start < _end)
            _start += link.Connection.Write(_buffer.AsSpan(_start, _end - _start));
        return _start == _end;
    }

    private void Release()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        (_start, _end) = (0, 0);
    }

    private void HandleCancellation()
    {
        lock (link.Pump.Gate)
        {
            // A late call may mean an earlier flush.
            if (!_isWaiting || !_cancellation.IsCancellationRequested)
                return;
            _isWaiting = false;
        }

        _pending.RunContinuationsAsynchronously = true;
        _pending.SetException(new OperationCanceledException(_cancellation));
    }
}
