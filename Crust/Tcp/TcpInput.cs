using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Crust.Tcp;

/// <summary>
/// The reading end of a <see cref="TcpLink"/>: one contiguous buffer, rented while there are bytes that nobody consumed; while the reader waits it
/// holds none. One reader at a time; <see cref="CancelPendingRead"/> may come from anywhere. What the socket reports arrives as an
/// <see cref="IOException"/>.
/// </summary>
#pragma warning disable CA1001 // A reader ends with Complete, which disposes of it.
internal sealed class TcpInput : PipeReader, IValueTaskSource<ReadResult>
#pragma warning restore CA1001
{
    /// <summary>A fresh buffer while little comes at a time. Ours: a handshake message, or a record of one segment, and some.</summary>
    private const int SmallBufferLength = 8 * 1024;

    /// <summary>A fresh buffer once a receive has filled one. Ours: a full record and the beginning of the next.</summary>
    private const int LargeBufferLength = 128 * 1024;

    /// <summary>With less room than this behind the bytes, they are moved, or the buffer is exchanged for a larger one.</summary>
    private const int MinRoom = 1024;

    private readonly Socket _socket;
    private readonly TcpArrival _arrival;

    /// <summary>The pending read, while <see cref="_isWaiting"/>.</summary>
    private ManualResetValueTaskSourceCore<ReadResult> _pending;
    private CancellationToken _cancellation;
    private CancellationTokenRegistration _registration;
    private byte[]? _buffer;
    private int _bufferLength = SmallBufferLength;
    private int _start;
    private int _end;

    /// <summary>Up to here the reader has seen the bytes and wants more.</summary>
    private int _examined;
    private bool _ended;
    private bool _isCompleted;
    private bool _isWaiting;
    private bool _isArrivalUnderWay;
    private bool _cancelNext;

    /// <param name="socket">Not blocking; it stays the caller's.</param>
    internal TcpInput(Socket socket)
    {
        _socket = socket;
        _arrival = new TcpArrival(this);
    }

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        ValueTask<ReadResult> wait;
        lock (_arrival)
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
            _registration = cancellationToken.UnsafeRegister(static s => ((TcpInput)s!).HandleCancellation(), this);
        return wait;
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        lock (_arrival)
            return TryTake(out result);
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        lock (_arrival)
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
        lock (_arrival)
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
        lock (_arrival)
        {
            _isCompleted = true;
            _arrival.Dispose();
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

    /// <summary>The wait for bytes is over: there are some, or the end, or an error, which the receive that follows will tell.</summary>
    internal void HandleArrival()
    {
        Exception? failure = null;
        ReadResult result = default;
        lock (_arrival)
        {
            _isArrivalUnderWay = false;
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

    private ReadOnlySequence<byte> Bytes => _buffer is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_buffer, _start, _end - _start);

    private ReadResult Result(bool isCanceled) => new(Bytes, isCanceled, _ended);

    /// <summary>What can be had without the socket. Under the lock.</summary>
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

    /// <summary>
    /// Takes bytes, or the end, from the socket; false when there is nothing yet and <see cref="HandleArrival"/> will come. Under the lock.
    /// </summary>
    private bool TryReceive()
    {
        do
        {
            MakeRoom();
            var room = _buffer.AsSpan(_end);
            var received = _socket.Receive(room, SocketFlags.None, out var error);
            if (error == SocketError.Success)
            {
                _ended = received == 0;
                _end += received;
                // As much as came last time tells how much will come.
                _bufferLength = received == room.Length ? LargeBufferLength : received < SmallBufferLength ? SmallBufferLength : _bufferLength;
            }

            if (_start == _end)
                Release();
            if (error == SocketError.Success)
                return true;
            if (error is not (SocketError.WouldBlock or SocketError.IOPending))
                throw new IOException("The TCP connection failed.", new SocketException((int)error));
            if (_isArrivalUnderWay)
                return false;
            _isArrivalUnderWay = _socket.ReceiveAsync(_arrival);
        }
        while (!_isArrivalUnderWay);
        return false;
    }

    private void MakeRoom()
    {
        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(_bufferLength);
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
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bufferLength, _buffer.Length * 2));
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
        lock (_arrival)
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
