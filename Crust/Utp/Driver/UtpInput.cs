using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Crust.Utp.Driver;

/// <summary>
/// The reading end of a <see cref="UtpLink"/>: shows the reader what the connection received, where it lies. A reader that waits goes on on the thread pool, and
/// sees everything that came until then. One reader at a time; <see cref="CancelPendingRead"/> may come from anywhere. A connection that failed is an
/// <see cref="IOException"/>, after the bytes that came before.
/// </summary>
internal sealed class UtpInput(UtpLink link) : PipeReader, IValueTaskSource<ReadResult>, IThreadPoolWorkItem
{
    /// <summary>The pending read, while <see cref="_isWaiting"/>.</summary>
    private ManualResetValueTaskSourceCore<ReadResult> _pending;
    private CancellationToken _cancellation;
    private CancellationTokenRegistration _registration;

    /// <summary>What the reader was shown last.</summary>
    private ReadOnlySequence<byte> _lent;

    /// <summary>So many of the bytes that are there the reader has seen, and wants more.</summary>
    private int _examined;
    private bool _isCompleted;
    private bool _isWaiting;
    private bool _isQueued;
    private bool _cancelNext;

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        ValueTask<ReadResult> wait;
        lock (link.Pump.Gate)
        {
            if (TryTake(out var result))
                return ValueTask.FromResult(result);
            _pending.Reset();
            _pending.RunContinuationsAsynchronously = false;
            _cancellation = cancellationToken;
            _isWaiting = true;
            wait = new ValueTask<ReadResult>(this, _pending.Version);
        }

        if (cancellationToken.CanBeCanceled)
            _registration = cancellationToken.UnsafeRegister(static s => ((UtpInput)s!).HandleCancellation(), this);
        return wait;
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        lock (link.Pump.Gate)
            return TryTake(out result);
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        lock (link.Pump.Gate)
        {
            var taken = (int)_lent.Slice(_lent.Start, consumed).Length;
            _examined = (int)_lent.Slice(_lent.Start, examined).Length - taken;
            _lent = default;
            if (link.IsClosed)
                return;
            link.Connection.Consume(taken);
            // The remote may want to know that there is room again.
            link.Pump.DrainIfDue();
        }
    }

    /// <inheritdoc/>
    public override void CancelPendingRead()
    {
        ReadResult result;
        lock (link.Pump.Gate)
        {
            _cancelNext = !_isWaiting;
            if (!_isWaiting)
                return;
            _isWaiting = false;
            result = Show(isCanceled: true);
        }

        // The caller may hold locks that the reader wants.
        _pending.RunContinuationsAsynchronously = true;
        _pending.SetResult(result);
    }

    /// <summary>Nothing can be read any more.</summary>
    public override void Complete(Exception? exception = null)
    {
        lock (link.Pump.Gate)
        {
            _isCompleted = true;
            _lent = default;
            if (!link.IsClosed)
                link.Connection.Consume(0);
        }
    }

    /// <inheritdoc/>
    ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
    {
        _registration.Dispose();
        _registration = default;
        return _pending.GetResult(token);
    }

    /// <inheritdoc/>
    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _pending.GetStatus(token);

    /// <inheritdoc/>
    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _pending.OnCompleted(continuation, state, token, flags);

    /// <summary>There are bytes, the end or a failure. Under the lock.</summary>
    internal void HandleReadable()
    {
        if (!_isWaiting || _isQueued)
            return;
        _isQueued = true;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>A pool thread: the reader goes on with what is there.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        Exception? failure = null;
        ReadResult result = default;
        lock (link.Pump.Gate)
        {
            _isQueued = false;
            if (!_isWaiting)
                return;
            try
            {
                if (!TryShow(out result))
                    return;
            }
            catch (IOException e)
            {
                failure = e;
            }

            _isWaiting = false;
        }

        if (failure is null)
            _pending.SetResult(result);
        else
            _pending.SetException(failure);
    }

    private bool HasEnded => link.Connection.IsReadComplete || link.Connection.EndReason == UtpEndReason.Finished;

    /// <summary>Answers a read at once, if it can. Under the lock.</summary>
    private bool TryTake(out ReadResult result)
    {
        if (_isCompleted)
            throw new InvalidOperationException("The reader was completed.");
        if (_isWaiting)
            throw new InvalidOperationException("A read is under way.");
        if (!_cancelNext)
            return TryShow(out result);
        _cancelNext = false;
        result = Show(isCanceled: true);
        return true;
    }

    /// <summary>Shows bytes that the reader has not seen, or the end; false when there is nothing yet. Under the lock.</summary>
    /// <exception cref="IOException">There is nothing, and the connection failed.</exception>
    private bool TryShow(out ReadResult result)
    {
        var isNew = !link.IsClosed && link.Connection.ReadableBytes > _examined;
        if (!isNew && link.Failure is { } failure)
            throw failure;
        if (!isNew && !HasEnded)
        {
            result = default;
            return false;
        }

        result = Show(isCanceled: false);
        return true;
    }

    private ReadResult Show(bool isCanceled)
    {
        _lent = link.IsClosed ? ReadOnlySequence<byte>.Empty : link.Connection.Lend();
        return new ReadResult(_lent, isCanceled, HasEnded);
    }

    private void HandleCancellation()
    {
        lock (link.Pump.Gate)
        {
            // A late call may mean an earlier read.
            if (!_isWaiting || !_cancellation.IsCancellationRequested)
                return;
            _isWaiting = false;
        }

        _pending.RunContinuationsAsynchronously = true;
        _pending.SetException(new OperationCanceledException(_cancellation));
    }
}
