using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Crust.Transport.Driver;
using Microsoft.AspNetCore.Connections;

namespace Crust.Tcp;

/// <summary>
/// One TCP connection as a link: its pipe reads and writes the socket directly, without a pump between, and holds no buffer while nothing
/// moves. Owns the socket.
/// <see cref="Abort(ConnectionAbortedException)"/> resets it; <see cref="DisposeAsync"/> closes it in order.
/// </summary>
internal sealed class TcpLink : PipeLink
{
    private readonly Socket _socket;
    private int _disposed;

    internal TcpLink(Socket socket)
    {
        _socket = socket;
        _socket.Blocking = false;
        Input = new TcpInput(socket);
        Output = new TcpOutput(socket);
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
    }

    public override PipeReader Input { get; }

    public override PipeWriter Output { get; }

    private protected override bool IsClosedHere => Volatile.Read(ref _disposed) != 0;

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
        TellClosed();
    }
}
