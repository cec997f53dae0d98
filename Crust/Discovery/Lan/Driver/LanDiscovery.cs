using System.Net;
using System.Net.Sockets;
using Crust.Cryptography;
using Crust.Diagnostics;
using Crust.Identity;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Microsoft.Extensions.Logging;

namespace Crust.Discovery.Lan.Driver;

/// <summary>
/// Runs a <see cref="LanDirectory"/>: a socket of each family, one lock, one timer. From <see cref="Start"/> to disposal, which tells the LAN. A host without a LAN
/// costs a line of the log. Thread safe.
/// </summary>
internal sealed class LanDiscovery : IAsyncDisposable
{
    /// <summary>The UDP port of LAN discovery. Ours.</summary>
    internal const int DefaultPort = 5484;

    /// <summary>How long <see cref="FindAsync"/> waits for an answer. Ours: three queries.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Links are looked at again when something is sent and this has passed.</summary>
    private static readonly TimeSpan LinksAge = TimeSpan.FromSeconds(2);

    /// <summary>Datagrams read a second, in each family; the kernel drops what comes beyond.</summary>
    private const int DatagramsPerSecond = 2000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly LanDirectory _directory;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;
    private readonly int _port;
    private readonly Lock _lock = new();
    private readonly List<LanSocket> _sockets = [];
    private readonly List<(PeerId Peer, TaskCompletionSource Found)> _waiters = [];
    private readonly CancellationTokenSource _stopped = new();
    private readonly ITimer _timer;
    private IReadOnlyList<LanLink> _links = [];
    private Instant? _looked;
    private Task _receiving = Task.CompletedTask;
    private bool _isDisposed;

    internal LanDiscovery(PeerIdentity identity, NetworkId network, IReadOnlyList<LanPort> ports, MonotonicClock clock, ILogger logger, int port = DefaultPort)
    {
        (_clock, _logger, _port) = (clock, logger, port);
        _directory = new LanDirectory(identity, network, ports, new DeterministicRandom(BitConverter.ToUInt64(SecureRandom.Bytes(sizeof(ulong)))));
        _timer = clock.TimeProvider.CreateTimer(_ => Do(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Who announced itself lately.</summary>
    internal IReadOnlyList<PeerId> Peers
    {
        get
        {
            lock (_lock)
                return [.. _directory.Peers(_clock.Now)];
        }
    }

    /// <summary>Opens the sockets and announces this node, once.</summary>
    internal void Start()
    {
        foreach (var family in new[] { AddressFamily.InterNetwork, AddressFamily.InterNetworkV6 })
        {
            try
            {
                _sockets.Add(LanSocket.Open(family, _port));
            }
            catch (SocketException e)
            {
                Log.LanFamilyOff(_logger, family.ToString(), e.Message);
            }
        }

        _receiving = Task.WhenAll(_sockets.Select(ReceiveAsync));
        Do(d => d.Start(_clock.Now));
    }

    /// <summary>Where the peer is, as far as is known now.</summary>
    internal IReadOnlyList<PeerAddress> AddressesOf(PeerId peer)
    {
        lock (_lock)
            return _directory.AddressesOf(peer, _clock.Now);
    }

    /// <summary>Where the peer is; asks the LAN and waits for at most <see cref="Patience"/> if it is not known. Empty when it is not there.</summary>
    internal async Task<IReadOnlyList<PeerAddress>> FindAsync(PeerId peer, CancellationToken cancellationToken)
    {
        var found = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiter = (peer, found);
        lock (_lock)
        {
            if (_isDisposed || _sockets.Count == 0 || _directory.AddressesOf(peer, _clock.Now) is { Count: > 0 } || !_directory.Want(peer, _clock.Now))
                return _directory.AddressesOf(peer, _clock.Now);
            _waiters.Add(waiter);
        }

        Do();
        try
        {
            await found.Task.WaitAsync(Patience, _clock.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It is not there.
        }
        finally
        {
            lock (_lock)
            {
                _waiters.Remove(waiter);
                if (!_waiters.Exists(w => w.Peer == peer))
                    _directory.Forget(peer);
            }
        }

        return AddressesOf(peer);
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _directory.Stop(_clock.UnixMilliseconds);
            Transmit();
            _isDisposed = true;
            foreach (var socket in _sockets)
                socket.Dispose();
        }

        await _stopped.CancelAsync().ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
        _stopped.Dispose();
    }

    /// <summary>Gives the directory an input, sends what it wants to, and sets the timer.</summary>
    private void Do(Action<LanDirectory>? input = null)
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            input?.Invoke(_directory);
            _directory.HandleTimeout(_clock.Now, _clock.UnixMilliseconds);
            Transmit();
            if (_directory.PollTimeout() is { } due)
                _timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling((due - _clock.Now).TotalMilliseconds))), Timeout.InfiniteTimeSpan);
        }
    }

    private void Transmit()
    {
        while (_directory.PollTransmit(out var datagram))
        {
            LookAtLinks();
            foreach (var socket in _sockets)
                socket.Send(datagram);
        }
    }

    private void LookAtLinks()
    {
        if (_looked is { } at && _clock.Now - at < LinksAge)
            return;
        _looked = _clock.Now;
        _links = LanLink.All();
        foreach (var socket in _sockets)
            socket.Join(_links);
    }

    private async Task ReceiveAsync(LanSocket socket)
    {
        // One more than the longest: a packet that was cut is none.
        var buffer = new byte[LanPacket.MaxLength + 1];
        var budget = new TokenBucket(DatagramsPerSecond, DatagramsPerSecond);
        while (!_stopped.IsCancellationRequested)
        {
            try
            {
                var (length, source) = await socket.ReceiveAsync(buffer).ConfigureAwait(false);
                Handle(buffer.AsSpan(0, length), source);
                while (!budget.TryTake(_clock.Now))
                    await Task.Delay(Pause, _clock.TimeProvider, _stopped.Token).ConfigureAwait(false);
            }
            catch (SocketException) when (!_stopped.IsCancellationRequested)
            {
                // A report of an earlier send, or the end, which the loop sees. Never a busy loop.
                await Task.Delay(Pause, _clock.TimeProvider, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Handle(ReadOnlySpan<byte> datagram, IPAddress source)
    {
        PeerId? found;
        lock (_lock)
        {
            // From farther away nobody announces itself.
            if (_isDisposed || !_links.Any(l => l.Networks.Any(n => n.Contains(source))))
                return;
            found = _directory.Handle(datagram, source, _clock.Now);
            if (found is { } peer)
            {
                foreach (var waiter in _waiters.Where(w => w.Peer == peer))
                    waiter.Found.TrySetResult();
            }
        }

        if (found is { } known)
            Log.LanPeerSeen(_logger, known.ToShortString(), source);
        Do();
    }
}
