using System.Net;
using System.Net.Sockets;
using Crust.Identity;
using Crust.Transport;
using Microsoft.AspNetCore.Connections;

namespace Crust.Tcp;

/// <summary>TCP links (RFC 9293) with Nagle's algorithm off: the session decides what goes into a segment.</summary>
internal sealed class TcpTransport : ITransport
{
    /// <summary>Connections the kernel holds until they are accepted. Ours: a burst of dials while one core does handshakes.</summary>
    internal const int Backlog = 512;

    public TransportKind Kind => TransportKind.Tcp;

    public async ValueTask<ConnectionContext> ConnectAsync(IPEndPoint remote, CancellationToken cancellationToken)
    {
        var socket = new Socket(remote.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await ConnectAsync(socket, remote, cancellationToken).ConfigureAwait(false);
            // The kernel may pair a dial to a local ephemeral port with itself (simultaneous open of one socket): nobody is there.
            if (socket.LocalEndPoint!.Equals(socket.RemoteEndPoint))
                throw new SocketException((int)SocketError.ConnectionRefused);
            return new TcpLink(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// As <see cref="Socket.ConnectAsync(EndPoint, CancellationToken)"/>, which would leave 300 bytes with the socket for as long as that lives.
    /// </summary>
    private static async Task ConnectAsync(Socket socket, IPEndPoint remote, CancellationToken cancellationToken)
    {
        var connected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var operation = new SocketAsyncEventArgs { RemoteEndPoint = remote };
        operation.Completed += (_, _) => connected.TrySetResult();
        if (socket.ConnectAsync(operation))
        {
            await using var cancelling = cancellationToken.UnsafeRegister(static o => Socket.CancelConnectAsync((SocketAsyncEventArgs)o!), operation).ConfigureAwait(false);
            await connected.Task.ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (operation.SocketError != SocketError.Success)
            throw new SocketException((int)operation.SocketError);
    }

    public IConnectionListener Bind(IPEndPoint local)
    {
        var socket = new Socket(local.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (local.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(local);
            socket.Listen(Backlog);
            return new TcpLinkListener(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
