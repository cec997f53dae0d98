using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Crust.Tests.Cluster.Relay;

/// <summary>Passes TCP connections on to one address, every byte so much later, whatever is under way.</summary>
internal sealed class DelayingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopped = new();
    private readonly List<Task> _passing = [];
    private readonly Task _accepting;

    internal DelayingProxy(IPEndPoint target, TimeSpan delay)
    {
        Delay = delay;
        _listener.Start();
        _accepting = AcceptAsync(target);
    }

    /// <summary>How much later; may change at any time, for what is under way too.</summary>
    internal TimeSpan Delay { get; set; }

    internal IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_passing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopped.Dispose();
    }

    private async Task AcceptAsync(IPEndPoint target)
    {
        while (true)
        {
            var near = await _listener.AcceptSocketAsync(_stopped.Token);
            var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await far.ConnectAsync(target, _stopped.Token);
            near.NoDelay = far.NoDelay = true;
            _passing.Add(PassAsync(near, far));
            _passing.Add(PassAsync(far, near));
        }
    }

    private async Task PassAsync(Socket from, Socket to)
    {
        var late = Channel.CreateUnbounded<(byte[] Bytes, long At)>();
        var writing = Task.Run(async () =>
        {
            await foreach (var (bytes, at) in late.Reader.ReadAllAsync(_stopped.Token))
            {
                var left = Delay - Stopwatch.GetElapsedTime(at);
                if (left > TimeSpan.Zero)
                    await Task.Delay(left, _stopped.Token);
                await to.SendAsync(bytes, _stopped.Token);
            }

            to.Shutdown(SocketShutdown.Send);
        });
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _stopped.Token) is > 0 and var length)
                late.Writer.TryWrite((buffer[..length], Stopwatch.GetTimestamp()));
        }
        catch (SocketException)
        {
            // Reset: the other side gets an end.
        }

        late.Writer.Complete();
        await writing;
    }
}
