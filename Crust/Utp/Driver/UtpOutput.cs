using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Crust.Utp.Driver;

/// <summary>
/// The writing end of a <see cref="UtpLink"/>: what is written lies at once where the connection sends it from. It may be sent before it is flushed, and a flush
/// sends what may go now; it waits only when the connection holds as much as it may. One writer at a time. A connection that failed is an
/// <see cref="IOException"/>. <see cref="Complete"/> without an exception is a half close.
/// </summary>
internal sealed class UtpOutput(UtpLink link) : PipeWriter, IValueTaskSource<FlushResult>, IThreadPoolWorkItem
{
    /// <summary>The pending flush, while <see cref="_isWaiting"/>.</summary>
    private ManualResetValueTaskSourceCore<FlushResult> _pending;
    private CancellationToken _cancellation;
    private CancellationTokenRegistration _registration;

    /// <summary>What the connection gave us to write to; empty between a flush and the next piece.</summary>
    private Memory<byte> _room;
    private int _unflushed;
    private bool _isCompleted;
    private bool _isWaiting;
    private bool _isQueued;
    private bool _cancelNext;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _unflushed;

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _room;
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _room.Span;
    }

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _room.Length);
        _room = _room[bytes..];
        _unflushed += bytes;
        lock (link.Pump.Gate)
            link.Connection.Commit(bytes);
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

            if (End is { } end)
                throw end;
            _room = default;
            link.Pump.DrainIfDue();
            // Sending may have made room.
            if (link.Connection.EndReservation())
            {
                _unflushed = 0;
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

    /// <summary>Ends a flush that waits, or the next one. What was written is sent all the same.</summary>
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

    /// <summary>Nothing more is written. Without an exception the remote learns that nothing more comes.</summary>
    public override void Complete(Exception? exception = null)
    {
        lock (link.Pump.Gate)
        {
            if (_isCompleted)
                return;
            _isCompleted = true;
            _room = default;
            if (link.IsClosed || link.IsOver)
                return;
            link.Connection.EndReservation();
            if (exception is not null)
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
        if (!_isWaiting || _isQueued)
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
            _unflushed = 0;
            failure = End;
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
        if (_room.Length >= Math.Max(sizeHint, 1))
            return;
        lock (link.Pump.Gate)
            _room = link.Connection.Reserve(sizeHint);
        // The connection is over, which the flush will tell.
        if (_room.Length == 0)
            _room = new byte[Math.Max(sizeHint, 1)];
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
