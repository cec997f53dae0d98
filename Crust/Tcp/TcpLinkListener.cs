using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Crust.Tcp;

/// <summary>A listening TCP socket that yields <see cref="TcpLink"/>s.</summary>
internal sealed class TcpLinkListener(Socket socket) : IConnectionListener
{
    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    /// <summary>Waits for the next link; null after the listener was unbound. A connection that failed before it was accepted is skipped.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Socket? accepted = null;
            try
            {
                accepted = await socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
                accepted.NoDelay = true;
                return new TcpLink(accepted);
            }
            catch (ObjectDisposedException)
            {
                accepted?.Dispose();
                return null;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.OperationAborted or SocketError.Interrupted or SocketError.InvalidArgument)
            {
                accepted?.Dispose();
                return null;
            }
            catch (SocketException)
            {
                accepted?.Dispose();
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => DisposeAsync();

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
