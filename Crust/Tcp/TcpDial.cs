using System.Net;
using System.Net.Sockets;

namespace Crust.Tcp;

/// <summary>
/// Connects sockets, and says what came of it instead of throwing: a refused connection is an everyday answer here, and what <see cref="Socket.ConnectAsync(EndPoint, CancellationToken)"/> throws for one that
/// fails at once has its call stack rendered with source lines, which took a new process some 40 ms, in the middle of its first connection. Besides, that method leaves 300 bytes with the socket for as long as it
/// lives.
/// </summary>
internal static class TcpDial
{
    /// <summary>Ends when the socket is connected, or is not going to be.</summary>
    /// <exception cref="OperationCanceledException">It was given up; the socket is of no more use.</exception>
    internal static async Task<SocketError> ConnectAsync(Socket socket, IPEndPoint remote, CancellationToken cancellationToken)
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
        return operation.SocketError;
    }
}
