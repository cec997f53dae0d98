using System.Net;
using System.Net.Sockets;

namespace Crust.Tests.Processes.Traffic;

/// <summary>
/// A way to one listener: passes TCP connections on, until it is told to reset them, to reset one end of them and leave the other in the dark, or to let nothing
/// through. Connections that come later are not concerned, unless the way is closed.
/// </summary>
internal sealed class FaultyRoute : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly IPEndPoint _target;
    private readonly List<Passage> _passages = [];
    private readonly List<Task> _passing = [];
    private readonly Lock _gate = new();
    private readonly Task _accepting;
    private long _passed;

    internal FaultyRoute(IPAddress address, IPEndPoint target)
    {
        _target = target;
        _listener = new TcpListener(address, 0);
        _listener.Start();
        EndPoint = (IPEndPoint)_listener.LocalEndpoint;
        _accepting = AcceptAsync();
    }

    internal IPEndPoint EndPoint { get; }

    /// <summary>Connections that were made over it.</summary>
    internal int Connections { get; private set; }

    /// <summary>Bytes that went through, both ways.</summary>
    internal long Passed => Interlocked.Read(ref _passed);

    /// <summary>Both ends of every connection are reset.</summary>
    internal void Cut() => ForEach(p => p.Cut());

    /// <summary>One end is reset; the other is never told anything again.</summary>
    internal void CutHalf(bool near) => ForEach(p => p.CutHalf(near));

    /// <summary>Nothing gets through for so long; null for ever.</summary>
    internal void Stall(TimeSpan? time) => ForEach(p => p.Stall(time));

    /// <summary>Closes the way: what goes over it is cut, and nobody gets in any more.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        ForEach(p => p.Cut());
        await Task.WhenAll(_passing);
    }

    private void ForEach(Action<Passage> action)
    {
        lock (_gate)
        {
            _passages.RemoveAll(p => p.IsOver);
            _passing.RemoveAll(p => p.IsCompleted);
            _passages.ForEach(action);
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket near;
            try
            {
                near = await _listener.AcceptSocketAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // Closed.
                return;
            }

            var far = new Socket(_target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await far.ConnectAsync(_target);
            }
            catch (SocketException)
            {
                near.Dispose();
                far.Dispose();
                continue;
            }

            near.NoDelay = true;
            var passage = new Passage(near, far);
            lock (_gate)
            {
                Connections++;
                _passages.Add(passage);
                _passing.Add(passage.PassAsync(count => Interlocked.Add(ref _passed, count)));
            }
        }
    }

    /// <summary>One connection.</summary>
    private sealed class Passage(Socket near, Socket far)
    {
        private volatile Task _open = Task.CompletedTask;
        private readonly TaskCompletionSource _never = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _isHalf;

        internal bool IsOver { get; private set; }

        internal async Task PassAsync(Action<int> passed)
        {
            await Task.WhenAll(PassAsync(near, far, passed), PassAsync(far, near, passed));
            near.Dispose();
            far.Dispose();
            IsOver = true;
        }

        internal void Cut()
        {
            Reset(near);
            Reset(far);
            _never.TrySetResult();
        }

        internal void CutHalf(bool isNear)
        {
            _isHalf = true;
            Reset(isNear ? near : far);
        }

        internal void Stall(TimeSpan? time) => _open = time is { } some ? Task.WhenAny(Task.Delay(some), _never.Task) : _never.Task;

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

        private async Task PassAsync(Socket from, Socket to, Action<int> passed)
        {
            var buffer = new byte[64 * 1024];
            try
            {
                while (await from.ReceiveAsync(buffer) is > 0 and var received)
                {
                    await _open;
                    for (var sent = 0; sent < received;)
                        sent += await to.SendAsync(buffer.AsMemory(sent, received - sent));
                    passed(received);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Cut, or one side ended.
            }

            // Of what is half open one end hears nothing any more: until the way is closed, or that end gives up by itself.
            if (_isHalf)
                await _never.Task;
            Reset(from);
            Reset(to);
        }
    }
}
