using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Crust.Utp.Driver;

/// <summary>
/// The reading end of a <see cref="UtpLink"/>: one contiguous buffer, rented while there are bytes that nobody consumed; while the reader waits it
/// holds none. A reader that waits goes on on the thread pool, which takes everything that came until then. One reader at a time;
/// <see cref="CancelPendingRead"/> may come from anywhere. A connection that failed is an <see cref="IOException"/>, after the bytes that came before.
/// </summary>
internal sealed class UtpInput(UtpLink link) : PipeReader, IValueTaskSource<ReadResult>, IThreadPoolWorkItem
{
    /// <summary>A fresh buffer while little comes at a time. Ours: a handshake message, or a record of one segment, and some.</summary>
    private const int SmallBufferLength = 8 * 1024;

    /// <summary>A fresh buffer when more is there. Ours: a full record and the beginning of the next.</summary>
    private const int LargeBufferLength = 128 * 1024;

    /// <summary>With less room than this behind the bytes, they are moved, or the buffer is exchanged for a larger one.</summary>
    private const int MinRoom = 1024;

    /// <summary>The pending read, while <see cref="_isWaiting"/>.</summary>
    private ManualResetValueTaskSourceCore<ReadResult> _pending;
    private CancellationToken _cancellation;
    private CancellationTokenRegistration _registration;
    private byte[]? _buffer;
    private int _start;
    private int _end;

    /// <summary>Up to here the reader has seen the bytes and wants more.</summary>
    private int _examined;
    private bool _ended;
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
            if (TryReceive())
                return ValueTask.FromResult(Result(isCanceled: false));
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
            if (_buffer is null)
                return;
            var bytes = Bytes;
            _examined = _start + (int)bytes.Slice(bytes.Start, examined).Length;
            _start += (int)bytes.Slice(bytes.Start, consumed).Length;
            if (_start == _end)
                Release();
        }
    }

    /// <inheritdoc/>
    public override void CancelPendingRead()
    {
        lock (link.Pump.Gate)
        {
            _cancelNext = !_isWaiting;
            if (!_isWaiting)
                return;
            _isWaiting = false;
        }

        // The caller may hold locks that the reader wants.
        _pending.RunContinuationsAsynchronously = true;
        _pending.SetResult(Result(isCanceled: true));
    }

    /// <summary>Gives the buffer back; nothing can be read any more.</summary>
    public override void Complete(Exception? exception = null)
    {
        lock (link.Pump.Gate)
        {
            _isCompleted = true;
            Release();
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

    /// <summary>A pool thread: takes what is there, and the reader goes on.</summary>
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
                if (!TryReceive())
                    return;
                result = Result(isCanceled: false);
            }
#pragma warning disable CA1031 // Passed on to the reader.
            catch (Exception e)
#pragma warning restore CA1031
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

    /// <summary>Reads what is there for nobody. Under the lock.</summary>
    internal static void Discard(UtpConnection connection)
    {
        if (connection.ReadableBytes == 0)
            return;
        var buffer = ArrayPool<byte>.Shared.Rent(LargeBufferLength);
        while (connection.Read(buffer) > 0)
        {
            // Again.
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    private ReadOnlySequence<byte> Bytes => _buffer is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_buffer, _start, _end - _start);

    private ReadResult Result(bool isCanceled) => new(Bytes, isCanceled, _ended);

    /// <summary>What can be had without the connection. Under the lock.</summary>
    private bool TryTake(out ReadResult result)
    {
        if (_isCompleted)
            throw new InvalidOperationException("The reader was completed.");
        if (_isWaiting)
            throw new InvalidOperationException("A read is under way.");
        result = Result(_cancelNext);
        if (!_cancelNext && !_ended && _examined >= _end)
            return false;
        _cancelNext = false;
        return true;
    }

    /// <summary>Takes bytes, or the end, from the connection; false when there is nothing yet. Under the lock.</summary>
    private bool TryReceive()
    {
        var connection = link.Connection;
        var readable = link.IsClosed ? 0 : connection.ReadableBytes;
        if (readable > 0)
        {
            MakeRoom(readable);
            _end += connection.Read(_buffer.AsSpan(_end));
            // The remote may want to know that there is room again.
            link.Pump.Drain();
            return true;
        }

        if (link.Failure is { } failure)
            throw failure;
        _ended = connection.IsReadFinished || connection.EndReason == UtpEndReason.Finished;
        return _ended;
    }

    private void MakeRoom(int readable)
    {
        var wanted = readable > SmallBufferLength ? LargeBufferLength : SmallBufferLength;
        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(wanted);
            return;
        }

        if (_buffer.Length - _end >= MinRoom)
            return;
        var bytes = _buffer.AsSpan(_start, _end - _start);
        if (_buffer.Length - bytes.Length >= MinRoom)
        {
            bytes.CopyTo(_buffer);
        }
        else
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(wanted, _buffer.Length * 2));
            bytes.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        (_examined, _end, _start) = (_examined - _start, _end - _start, 0);
    }

    private void Release()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        (_start, _end, _examined) = (0, 0, 0);
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
