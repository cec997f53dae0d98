using System.Net;
using System.Net.Sockets;
using Crust.Cryptography;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Tcp;
using Crust.Udp;
using Crust.Utp.Driver;
using Microsoft.AspNetCore.Connections;

namespace Crust.Nat.Stun.Driver;

/// <summary>
/// A gateway's STUN server: on the ports that peers connect to anyway, on a second port (UDP and TCP), and, where the host has another address for it, on
/// all four of that one's. Thread safe.
/// </summary>
internal sealed class StunServer : IAsyncDisposable
{
    /// <summary>Random second ports that are tried until one is free with everything that needs it.</summary>
    private const int MaxTries = 16;

    /// <summary>Connections at a time on ports that serve nothing but STUN. Ours.</summary>
    private const int MaxConnections = 256;

    /// <summary>Pause after an accept that failed for want of something (descriptors, memory).</summary>
    private static readonly TimeSpan FailurePause = TimeSpan.FromMilliseconds(200);

    private readonly MonotonicClock _clock;
    private readonly Lock _gate = new();
    private readonly StunPlaces _places = new();
    private readonly StunResponder _responder;
    private readonly StunTcpServer _tcp;
    private readonly StunDispatcher?[] _dispatchers = new StunDispatcher?[(int)StunPlace.OtherBoth + 1];
    private readonly List<StunSocket> _sockets = [];
    private readonly List<IConnectionListener> _listeners = [];
    private readonly SemaphoreSlim _connections = new(MaxConnections);
    private readonly CancellationTokenSource _stopped = new();
    private readonly List<Task> _loops = [];
    private readonly IPAddress? _alternate;

    private StunServer(MonotonicClock clock, IPAddress? alternate)
    {
        _clock = clock;
        _alternate = alternate;
        Span<byte> key = stackalloc byte[sizeof(ulong)];
        SecureRandom.Fill(key);
        _responder = new StunResponder(_places, new StunRateLimit(BitConverter.ToUInt64(key)));
        _tcp = new StunTcpServer(_responder, _gate, clock);
    }

    /// <summary>What peers are told.</summary>
    internal StunServerInfo Info { get; private set; } = new(0, 0, 0, 0, null);

    /// <summary>Binds what the server needs besides the listeners' ports, and begins to answer.</summary>
    /// <param name="utp">Sockets that µTP listens with, all of one port; may be none.</param>
    /// <param name="tcp">Where TCP listens; null: nowhere. What comes there is brought by <see cref="TryServeAsync"/>.</param>
    /// <param name="options">The second port and address.</param>
    /// <param name="clock">The node's clock.</param>
    /// <exception cref="SocketException">A port is in use, or the address is not this host's.</exception>
    /// <exception cref="ArgumentException">The second address does not go with the first.</exception>
    internal static StunServer Start(IReadOnlyList<UtpPump> utp, IPEndPoint? tcp, StunServerOptions options, MonotonicClock clock)
    {
        var listen = (utp.Count > 0 ? utp[0].LocalEndPoint : tcp)?.Address ?? throw new ArgumentException("A server needs a port.", nameof(utp));
        if (options.Alternate is { } alternate && (IsWildcard(listen) || alternate.AddressFamily != listen.AddressFamily || alternate.Equals(listen)))
            throw new ArgumentException("A second address for STUN needs a listener on one other address of the same family, not on all.", nameof(options));
        var server = new StunServer(clock, options.Alternate);
        try
        {
            server.Bind(utp, tcp, listen, options);
            return server;
        }
        catch
        {
            server.Close();
            throw;
        }
    }

    /// <summary>Serves a link of the TCP listener if it carries STUN; false leaves it as it was.</summary>
    internal ValueTask<bool> TryServeAsync(ConnectionContext link, CancellationToken cancellationToken) =>
        _tcp.TryServeAsync(link, StunPlace.Primary, _alternate, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        Close();
        await Task.WhenAll(_loops).ConfigureAwait(false);
        _stopped.Dispose();
    }

    private static bool IsWildcard(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private void Bind(IReadOnlyList<UtpPump> utp, IPEndPoint? tcp, IPAddress listen, StunServerOptions options)
    {
        var udpPort = utp.Count > 0 ? utp[0].LocalEndPoint.Port : 0;
        var other = BindOther(listen, udpPort, tcp?.Port ?? 0, options);
        Info = new StunServerInfo((ushort)udpPort, (ushort)other, (ushort)(tcp?.Port ?? 0), (ushort)other, options.Alternate);
        // All places are known before the first answer.
        foreach (var socket in _sockets)
        {
            var end = socket.Dispatcher.LocalEndPoint;
            Serve(socket.Dispatcher, PlaceOf(end, udpPort, listen));
        }

        foreach (var pump in utp)
            Serve(StunDispatcher.Of(pump.Socket), StunPlace.Primary);
        foreach (var place in Enum.GetValues<StunPlace>())
        {
            if (_dispatchers[(int)place] is { } dispatcher)
                dispatcher.Server = new Door(this, place);
        }

        foreach (var pump in utp)
            StunDispatcher.Of(pump.Socket).Server = new Door(this, StunPlace.Primary);
        foreach (var listener in _listeners)
            _loops.Add(AcceptAsync(listener, PlaceOf((IPEndPoint)listener.EndPoint, tcp?.Port ?? 0, listen)));
    }

    /// <summary>Binds everything but what listens already; returns the second port.</summary>
    private int BindOther(IPAddress listen, int udpPort, int tcpPort, StunServerOptions options)
    {
        if (options.Alternate is { } alternate)
        {
            if (udpPort != 0)
                _sockets.Add(StunSocket.Bind(new IPEndPoint(alternate, udpPort)));
            if (tcpPort != 0)
                _listeners.Add(new TcpTransport().Bind(new IPEndPoint(alternate, tcpPort)));
        }

        for (var tries = 1; ; tries++)
        {
            var sockets = new List<StunSocket>();
            var listeners = new List<IConnectionListener>();
            try
            {
                sockets.Add(StunSocket.Bind(new IPEndPoint(listen, options.OtherPort)));
                var port = sockets[0].Dispatcher.LocalEndPoint.Port;
                if (options.Alternate is not null)
                    sockets.Add(StunSocket.Bind(new IPEndPoint(options.Alternate, port)));
                listeners.Add(new TcpTransport().Bind(new IPEndPoint(listen, port)));
                if (options.Alternate is not null)
                    listeners.Add(new TcpTransport().Bind(new IPEndPoint(options.Alternate, port)));
                _sockets.AddRange(sockets);
                _listeners.AddRange(listeners);
                return port;
            }
            catch (SocketException e)
            {
                sockets.ForEach(static socket => socket.Dispose());
                foreach (var listener in listeners)
                    _ = listener.DisposeAsync().AsTask();
                if (options.OtherPort != 0)
                    throw new SocketException(e.ErrorCode, $"Port {options.OtherPort}, the second one for STUN, cannot be listened on: {e.Message}");
                if (tries == MaxTries || e.SocketErrorCode != SocketError.AddressAlreadyInUse)
                    throw;
            }
        }
    }

    private static StunPlace PlaceOf(IPEndPoint end, int firstPort, IPAddress listen) =>
        (end.Port == firstPort ? StunPlace.Primary : StunPlace.OtherPort) | (end.Address.Equals(listen) ? StunPlace.Primary : StunPlace.OtherAddress);

    private void Serve(StunDispatcher dispatcher, StunPlace place)
    {
        if (_dispatchers[(int)place] is not null)
            return;
        _dispatchers[(int)place] = dispatcher;
        var end = dispatcher.LocalEndPoint;
        _places.Add(place, IsWildcard(end.Address) ? null : TransportAddress.From(end));
    }

    private void Close()
    {
        _sockets.ForEach(static socket => socket.Dispose());
        foreach (var listener in _listeners)
            _ = listener.DisposeAsync().AsTask();
    }

    private async Task AcceptAsync(IConnectionListener listener, StunPlace place)
    {
        var serving = new List<Task>();
        while (!_stopped.IsCancellationRequested)
        {
            try
            {
                if (await listener.AcceptAsync(_stopped.Token).ConfigureAwait(false) is not { } link)
                    break;
                serving.RemoveAll(static task => task.IsCompleted);
                if (await _connections.WaitAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false))
                    serving.Add(ServeAsync(link, place));
                else
                    link.Abort(new ConnectionAbortedException("too many connections"));
            }
            catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
            {
                break;
            }
            catch (SocketException)
            {
                await Task.Delay(FailurePause, _clock.TimeProvider, _stopped.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await Task.WhenAll(serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ServeAsync(ConnectionContext link, StunPlace place)
    {
        try
        {
            if (!await _tcp.TryServeAsync(link, place, _alternate, _stopped.Token).ConfigureAwait(false))
                await link.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _connections.Release();
        }
    }

    private void Answer(StunDispatcher socket, StunMessage request, TransportAddress remote, StunPlace place)
    {
        Span<byte> buffer = stackalloc byte[StunResponder.MaxAnswerLength];
        StunAnswer answer;
        lock (_gate)
        {
            if (!_responder.TryAnswer(request, remote, place, _clock.Now, buffer, out answer))
                return;
        }

        (answer.Place == place ? socket : _dispatchers[(int)answer.Place])?.TrySend(buffer[..answer.Length], answer.Destination);
    }

    /// <summary>One of the server's end points.</summary>
    private sealed class Door(StunServer server, StunPlace place) : IStunRequestHandler
    {
        public void HandleRequest(StunDispatcher socket, StunMessage request, TransportAddress remote) => server.Answer(socket, request, remote, place);
    }
}
