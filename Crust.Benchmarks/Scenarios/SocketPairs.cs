using System.Net;
using System.Net.Sockets;

namespace Crust.Benchmarks.Scenarios;

/// <summary>Connected loopback TCP sockets with Nagle's algorithm off, made before a measurement begins.</summary>
internal sealed class SocketPairs : IDisposable
{
    private readonly List<(Socket Dialled, Socket Accepted)> _pairs = [];

    internal IReadOnlyList<(Socket Dialled, Socket Accepted)> Pairs => _pairs;

    internal static async Task<SocketPairs> ConnectAsync(int count)
    {
        var pairs = new SocketPairs();
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        for (var i = 0; i < count; i++)
        {
            var dialled = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await dialled.ConnectAsync(listener.LocalEndPoint!);
            var accepted = await listener.AcceptAsync();
            accepted.NoDelay = true;
            pairs._pairs.Add((dialled, accepted));
        }

        return pairs;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (dialled, accepted) in _pairs)
        {
            dialled.Dispose();
            accepted.Dispose();
        }
    }
}
