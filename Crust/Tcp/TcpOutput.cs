using System.IO.Pipelines;
using System.Net.Sockets;
using Crust.Buffers;

namespace Crust.Tcp;

/// <summary>
/// The writing end of a <see cref="TcpLink"/>: an <see cref="OutputBuffer{TLessor}"/>. The kernel is asked at once; only when it takes no more does a flush wait.
/// One writer at a time. What the socket reports arrives as an <see cref="IOException"/>.
/// </summary>
/// <param name="socket">Not blocking; it stays the caller's.</param>
internal sealed class TcpOutput(Socket socket) : PipeWriter
{
    private OutputBuffer<SharedArrays> _buffer;
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
        var isFirst = !_buffer.IsCompleted;
        _buffer.Complete();
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

    /// <summary>Sends what the kernel takes now; true when that is everything.</summary>
    private bool TrySend(ref int sent)
    {
        while (sent < _buffer.Length && !_cancelFlush)
        {
            var taken = socket.Send(_buffer.Written(sent).Span, SocketFlags.None, out var error);
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
                sent += await socket.SendAsync(_buffer.Written(sent), SocketFlags.None, cancellationToken).ConfigureAwait(false);
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
        _buffer.Release();
        return new FlushResult(wasCanceled, isCompleted: false);
    }
}
