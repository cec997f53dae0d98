using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Crust.Tcp;

/// <summary>
/// One TCP connection as a link: its pipe reads and writes the socket directly, without a pump between, and holds no buffer while nothing
/// moves. What a link is rarely asked for is made when somebody asks: most links are idle, and there are many. Owns the socket.
/// <see cref="Abort(ConnectionAbortedException)"/> resets it; <see cref="DisposeAsync"/> closes it in order.
/// </summary>
internal sealed class TcpLink : ConnectionContext, IDuplexPipe
{
    private readonly Socket _socket;
    private CancellationTokenSource? _closed;
    private string? _connectionId;
    private FeatureCollection? _features;
    private IDictionary<object, object?>? _items;
    private int _disposed;

    internal TcpLink(Socket socket)
    {
        _socket = socket;
        _socket.Blocking = false;
        Input = new TcpInput(socket);
        Output = new TcpOutput(socket);
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        Transport = this;
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId
    {
        get => _connectionId ??= Guid.NewGuid().ToString("N");
        set => _connectionId = value;
    }

    public override IFeatureCollection Features => _features ??= new FeatureCollection();

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    /// <summary>Cancelled once the link is closed, by either side of this process; what the remote does is seen by reading.</summary>
    public override CancellationToken ConnectionClosed
    {
        get
        {
            var closed = LazyInitializer.EnsureInitialized(ref _closed);
            if (Volatile.Read(ref _disposed) != 0)
                closed.Cancel();
            return closed.Token;
        }

        set => throw new NotSupportedException("A TCP link knows itself when it is closed.");
    }

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
        _socket.Dispose();
        // Never disposed of: whoever asks for the token of a closed link must not fault, and without a timer it holds nothing.
        Volatile.Read(ref _closed)?.Cancel();
    }
}
