using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Crust.Nat.PortMapping.Igd;
using Crust.Tcp;

namespace Crust.Nat.PortMapping.Driver;

/// <summary>One HTTP exchange with a router: a connection of its own, bounded in time here and in bytes by <see cref="HttpResponseReader"/>.</summary>
internal static class HttpExchange
{
    private const int BufferLength = 8 * 1024;

    /// <summary>The response; null when there is none within the bounds. Throws nothing.</summary>
    /// <param name="request">The request.</param>
    /// <param name="local">Our address: routers map to whoever asks.</param>
    /// <param name="timeProvider">For the time-out.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    internal static async Task<HttpResponse?> RunAsync(HttpRequest request, IPAddress local, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(IgdConversation.HttpPatience, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            using var socket = new Socket(request.Server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(local, 0));
            if (await TcpDial.ConnectAsync(socket, request.Server, either.Token).ConfigureAwait(false) != SocketError.Success)
                return null;
            for (var sent = 0; sent < request.Bytes.Length;)
                sent += await socket.SendAsync(request.Bytes.AsMemory(sent), either.Token).ConfigureAwait(false);
            var reader = new HttpResponseReader();
            while (!reader.IsOver)
            {
                var received = await socket.ReceiveAsync(buffer, either.Token).ConfigureAwait(false);
                if (received == 0)
                    reader.HandleEnd();
                reader.Handle(buffer.AsSpan(0, received));
            }

            return reader.Response;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
