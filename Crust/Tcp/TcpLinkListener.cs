using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Crust.Tcp;

/// <summary>A listening TCP socket that yields <see cref="TcpLink"/>s.</summary>
internal sealed class TcpLinkListener(Socket socket) : IConnectionListener
{
    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    /// <summary>Waits for the next link; null after the listener was unbound. A connection that failed before it was accepted is skipped.</summary>
    /// <exception cref="SocketException">The host lacks descriptors or memory; a later call may succeed.</exception>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Socket accepted;
            try
            {
                accepted = await socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.OperationAborted or SocketError.Interrupted or SocketError.InvalidArgument)
            {
                return null;
            }
            catch (SocketException e) when (ConcernsOneConnection(e.SocketErrorCode))
            {
                continue;
            }

            try
            {
                accepted.NoDelay = true;
                return new TcpLink(accepted);
            }
            catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
            {
                // Some systems say "invalid argument" for a connection that was reset meanwhile: the listener is well.
                accepted.Dispose();
            }
        }
    }

    /// <summary>True for what accept(2) reports of the connection it was about to return; anything else would come again at once.</summary>
    internal static bool ConcernsOneConnection(SocketError error) =>
        error is SocketError.ConnectionAborted or SocketError.ConnectionReset or SocketError.NetworkDown or SocketError.HostDown
            or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.ProtocolOption;

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => DisposeAsync();

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
