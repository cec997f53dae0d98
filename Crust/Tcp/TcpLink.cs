using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Crust.Tcp;

/// <summary>
/// One TCP connection as a link: its pipe reads and writes the socket directly, without a pump between. Owns the socket.
/// <see cref="Abort(ConnectionAbortedException)"/> resets it; <see cref="DisposeAsync"/> closes it in order.
/// </summary>
internal sealed class TcpLink : ConnectionContext, IDuplexPipe
{
    /// <summary>Buffer of the reader and of the writer. Ours: one full record.</summary>
    private const int BufferLength = 64 * 1024;

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly CancellationTokenSource _closed = new();
    private int _disposed;

    internal TcpLink(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        // Zero-byte reads: an idle link holds no receive buffer.
        Input = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: BufferLength, minimumReadSize: 4096, useZeroByteReads: true));
        Output = PipeWriter.Create(_stream, new StreamPipeWriterOptions(minimumBufferSize: 4096));
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        Transport = this;
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("N");

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        try
        {
            _socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other side was faster; the socket is closed below all the same.
        }

        Close();
    }

    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            try
            {
                _socket.Shutdown(SocketShutdown.Both);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Not connected any more: there is nobody to tell.
            }

            Close();
        }

        return base.DisposeAsync();
    }

    private void Close()
    {
        _stream.Dispose();
        _closed.Cancel();
        _closed.Dispose();
    }
}
