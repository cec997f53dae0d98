using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace Crust.Tcp;

/// <summary>
/// The writing end of a <see cref="TcpLink"/>: one contiguous buffer, rented between the first byte and the flush that sends the last one. The
/// kernel is asked at once; only when it takes no more does a flush wait. One writer at a time. What the socket reports arrives as an
/// <see cref="IOException"/>.
/// </summary>
/// <param name="socket">Not blocking; it stays the caller's.</param>
internal sealed class TcpOutput(Socket socket) : PipeWriter
{
    /// <summary>Room in the buffer that begins with a large piece, so that it need not grow: what a link gathers between two flushes.</summary>
    private const int LargeBufferLength = 256 * 1024;

    /// <summary>A piece of this length begins with a large buffer.</summary>
    private const int LargePiece = 16 * 1024;

    private const int SmallBufferLength = 4 * 1024;

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
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        var sent = 0;
        return TrySend(ref sent) ? ValueTask.FromResult(Flushed()) : WaitAndSendAsync(sent, cancellationToken);
    }

    /// <summary>Ends a flush that waits as soon as the kernel takes anything, or the next one. What was not sent is lost.</summary>
    public override void CancelPendingFlush() => _cancelFlush = true;

    /// <summary>Gives the buffer back. What was not flushed is lost. Without an exception the remote learns that nothing more comes.</summary>
    public override void Complete(Exception? exception = null)
    {
        var isFirst = !_isCompleted;
        _isCompleted = true;
        Release();
        if (exception is null && isFirst)
            Finish();
    }

    private void Finish()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Not connected any more: there is nobody to tell.
        }
    }

    private void MakeRoom(int sizeHint)
    {
        if (_isCompleted)
            throw new InvalidOperationException("The writer was completed.");
        var wanted = Math.Max(sizeHint, 1);
        if (_buffer is not null && _buffer.Length - _end >= wanted)
            return;
        var length = wanted >= LargePiece ? LargeBufferLength : SmallBufferLength;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(length, _end + wanted));
        if (_buffer is not null)
        {
            _buffer.AsSpan(0, _end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = larger;
    }

    /// <summary>Sends what the kernel takes now; true when that is everything.</summary>
    private bool TrySend(ref int sent)
    {
        while (sent < _end && !_cancelFlush)
        {
            var taken = socket.Send(_buffer.AsSpan(sent, _end - sent), SocketFlags.None, out var error);
            if (error is SocketError.WouldBlock or SocketError.IOPending)
                return false;
            if (error != SocketError.Success)
                throw new IOException("The TCP connection failed.", new SocketException((int)error));
            sent += taken;
        }

        return true;
    }

    private async ValueTask<FlushResult> WaitAndSendAsync(int sent, CancellationToken cancellationToken)
    {
        try
        {
            do
                sent += await socket.SendAsync(_buffer.AsMemory(sent, _end - sent), SocketFlags.None, cancellationToken).ConfigureAwait(false);
            while (!TrySend(ref sent));
        }
        catch (SocketException e)
        {
            throw new IOException("The TCP connection failed.", e);
        }

        return Flushed();
    }

    private FlushResult Flushed()
    {
        var wasCanceled = _cancelFlush;
        _cancelFlush = false;
        Release();
        return new FlushResult(wasCanceled, isCompleted: false);
    }

    private void Release()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _end = 0;
    }
}
