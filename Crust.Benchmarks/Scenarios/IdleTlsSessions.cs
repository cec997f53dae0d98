using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// The rival's: SslStreams, each waiting in a zero-byte read, so that it would notice data or the end without holding a receive buffer of ours.
/// Far ends know the near certificate by nothing: who holds what is not their question.
/// </summary>
internal sealed class IdleTlsSessions : IIdleSessions
{
    private readonly TlsRival _rival = new();
    private readonly List<(SslStream Stream, Task<int> Reading)> _streams = [];
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;

    public int Open => _streams.Count(static s => !s.Reading.IsCompleted && s.Stream.IsMutuallyAuthenticated);

    public Task<IReadOnlyList<string>> ListenAsync(int count)
    {
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = AcceptAsync(_listener);
        return Task.FromResult<IReadOnlyList<string>>([.. Enumerable.Repeat(_listener.LocalEndPoint!.ToString()!, count)]);
    }

    public async Task OpenAsync(IEnumerable<string> addresses)
    {
        var options = _rival.ClientOptions(pinned: null);
        foreach (var address in addresses)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPEndPoint.Parse(address));
            var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsClientAsync(options);
            Keep(stream);
        }
    }

    public ValueTask DisposeAsync()
    {
        _listener?.Dispose();
        _rival.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task AcceptAsync(Socket listener)
    {
        var options = _rival.ServerOptions(pinned: null);
        while (true)
        {
            var socket = await listener.AcceptAsync();
            socket.NoDelay = true;
            var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsServerAsync(options);
            Keep(stream);
        }
    }

    private void Keep(SslStream stream) => _streams.Add((stream, stream.ReadAsync(Memory<byte>.Empty).AsTask()));
}
