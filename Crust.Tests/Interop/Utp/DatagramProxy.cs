using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Crust.Primitives;

namespace Crust.Tests.Interop.Utp;

/// <summary>
/// Passes UDP datagrams between one dialler, which sends to <see cref="Port"/>, and one listener, as badly as it is told to; records every one as it
/// came. What happens to the nth datagram of a direction depends on the seed alone. All on IPv4's loopback.
/// </summary>
internal sealed class DatagramProxy : IAsyncDisposable
{
    /// <summary>How long an overtaken datagram is held back: some of its successors come meanwhile, but no retransmission timer runs out.</summary>
    private static readonly TimeSpan HoldingTime = TimeSpan.FromMilliseconds(8);

    private readonly ProxyOptions _options;
    private readonly IPEndPoint _listener;
    private readonly Socket _near = Open();
    private readonly Socket _far = Open();
    private readonly Lock _gate = new();
    private readonly List<ProxiedDatagram> _recorded = [];
    private readonly PriorityQueue<(byte[] Datagram, bool IsFromDialler), (long Due, long Order)> _waiting = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Task _running;
    private EndPoint? _dialler;
    private long _order;

    internal DatagramProxy(int listenerPort, ProxyOptions options)
    {
        _options = options;
        _listener = new IPEndPoint(IPAddress.Loopback, listenerPort);
        _running = Task.WhenAll(PassAsync(_near, true), PassAsync(_far, false), ReleaseAsync());
    }

    /// <summary>Where the dialler sends to.</summary>
    internal int Port => ((IPEndPoint)_near.LocalEndPoint!).Port;

    /// <summary>Datagrams that it lost on purpose.</summary>
    internal int Lost { get; private set; }

    /// <summary>Datagrams that it holds back at the moment.</summary>
    internal int Held
    {
        get
        {
            lock (_gate)
                return _waiting.Count;
        }
    }

    /// <summary>All that came so far, in order, also what was lost then.</summary>
    internal IReadOnlyList<ProxiedDatagram> Recorded
    {
        get
        {
            lock (_gate)
                return [.. _recorded];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        _near.Dispose();
        _far.Dispose();
        _ending.Dispose();
    }

    private static Socket Open()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4 << 20 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private async Task PassAsync(Socket from, bool isFromDialler)
    {
        var buffer = new byte[64 * 1024];
        var random = new DeterministicRandom(_options.Seed * 2 + (isFromDialler ? 1UL : 0UL));
        bool Happens(double probability) => random.Next(1_000_000) < probability * 1_000_000;
        try
        {
            while (true)
            {
                var received = await from.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _ending.Token);
                if (isFromDialler)
                    _dialler = received.RemoteEndPoint;
                var datagram = buffer[..received.ReceivedBytes];
                // Each is drawn for each, so that one decision does not shift the others.
                var (isLost, isDoubled, isHeld) = (Happens(_options.Loss), Happens(_options.Duplication), Happens(_options.Reordering));
                Take(datagram, isFromDialler, isLost, isDoubled, isHeld);
            }
        }
        catch (OperationCanceledException)
        {
            // The test ended.
        }
    }

    private void Take(byte[] datagram, bool isFromDialler, bool isLost, bool isDoubled, bool isHeld)
    {
        lock (_gate)
        {
            _recorded.Add(new ProxiedDatagram((long)Stopwatch.GetElapsedTime(_start).TotalMicroseconds, isFromDialler, datagram));
            if (isLost)
            {
                Lost++;
                return;
            }

            if (_options.Rewrite is { } rewrite)
            {
                datagram = [.. datagram];
                rewrite(datagram, isFromDialler);
            }

            var delay = _options.Delay + (isHeld ? HoldingTime : TimeSpan.Zero);
            for (var copies = isDoubled ? 2 : 1; copies > 0; copies--)
            {
                if (delay == TimeSpan.Zero)
                    Send(datagram, isFromDialler);
                else
                    _waiting.Enqueue((datagram, isFromDialler), ((Stopwatch.GetElapsedTime(_start) + delay).Ticks, _order++));
            }
        }
    }

    /// <summary>Sends what was held or delayed when its time has come.</summary>
    private async Task ReleaseAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        try
        {
            while (await timer.WaitForNextTickAsync(_ending.Token))
            {
                lock (_gate)
                {
                    while (_waiting.TryPeek(out var next, out var due) && due.Due <= Stopwatch.GetElapsedTime(_start).Ticks)
                    {
                        _waiting.Dequeue();
                        Send(next.Datagram, next.IsFromDialler);
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The test ended.
        }
    }

    private void Send(byte[] datagram, bool isFromDialler)
    {
        if (isFromDialler)
            _far.SendTo(datagram, _listener);
        else if (_dialler is { } dialler)
            _near.SendTo(datagram, dialler);
    }
}
