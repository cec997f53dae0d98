using System.Net;
using System.Net.Sockets;

namespace Crust.Tests.Interop.Nodes;

/// <summary>Passes TCP connections on to one address, byte for byte, until it is told to cut them: both ends of each are reset.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _sockets = [];
    private readonly List<Task> _passing = [];
    private readonly Lock _gate = new();
    private readonly Task _accepting;

    internal CuttingProxy(IPEndPoint target)
    {
        _listener.Start();
        _accepting = AcceptAsync(target);
    }

    internal IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>False: who connects is reset at once.</summary>
    internal bool IsOpen { get; set; } = true;

    /// <summary>True: what the target says is lost, and it still hears everything. Its connections are good for nothing then but to be cut.</summary>
    internal bool IsMute { get; set; }

    /// <summary>The address that it connects from; any if null.</summary>
    internal IPAddress? From { get; set; }

    /// <summary>Connections that were made through it.</summary>
    internal int Connections { get; private set; }

    internal void Cut()
    {
        lock (_gate)
        {
            foreach (var socket in _sockets)
                Reset(socket);
            _sockets.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        Cut();
        await Task.WhenAll(_passing);
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended by itself.
        }

        socket.Dispose();
    }

    private async Task AcceptAsync(IPEndPoint target)
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptSocketAsync();
                if (!IsOpen)
                {
                    Reset(near);
                    continue;
                }

                var far = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                if (From is { } from)
                    far.Bind(new IPEndPoint(from, 0));
                await far.ConnectAsync(target);
                lock (_gate)
                {
                    Connections++;
                    _sockets.AddRange([near, far]);
                    _passing.AddRange([PassAsync(near, far, static () => false), PassAsync(far, near, () => IsMute)]);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test ended.
        }
    }

    private static async Task PassAsync(Socket from, Socket to, Func<bool> isLost)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var received)
            {
                if (!isLost())
                    await to.SendAsync(buffer.AsMemory(0, received));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut, or one side ended: then the other does too.
        }

        from.Dispose();
        to.Dispose();
    }
}
