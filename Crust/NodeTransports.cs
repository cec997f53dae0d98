using System.Net;
using System.Net.Sockets;
using Crust.Dialing.Driver;
using Crust.Identity;
using Crust.Nat.HolePunching.Driver;
using Crust.Nat.Stun.Driver;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Crust.Tcp;
using Crust.Transport;
using Crust.Utp.Driver;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Crust;

/// <summary>What a node dials and is dialled with: its transports, each with a port of its own. One that is switched off is never made. Thread safe.</summary>
internal sealed class NodeTransports : IAsyncDisposable
{
    /// <summary>Most UDP sockets that share a gateway's port. Ours: eight cores that receive feed more than the rest of a machine can use.</summary>
    private const int MaxSockets = 8;

    private readonly List<ITransport> _transports = [];
    private readonly List<(TransportKind Kind, Acceptor Acceptor)> _acceptors = [];

    /// <summary>Takes the ports; nobody is accepted before <see cref="Accept"/>.</summary>
    /// <exception cref="SocketException">A port is in use, or the address is not this host's; the message names it.</exception>
    internal NodeTransports(CrustNodeOptions options, AdmissionGate gate, LinkAdopter adopter, PunchedPaths punched, MonotonicClock clock, ILogger logger)
    {
        if (options.Transports is Transports.None or > Transports.All)
            throw new ArgumentOutOfRangeException(nameof(options), options.Transports, "A node needs a transport: TCP, µTP or both.");
        if (options.Transports.HasFlag(Transports.Tcp))
            Listen(new TcpTransport(), [options.TcpPort, .. options.AlsoTcpPorts]);
        if (options.Transports.HasFlag(Transports.Utp))
            Listen(new UtpTransport(clock, logger, new UtpTransportOptions { SocketCount = SocketsOf(options) }), [options.UdpPort]);

        if (options.Stun is { } stun)
            Stun = ServeStun(stun, clock);

        void Listen(ITransport transport, IEnumerable<int> ports)
        {
            _transports.Add(transport);
            var direct = transport.Kind.ToDirectPath();
            foreach (var port in ports)
            {
                var listener = Bind(transport, new IPEndPoint(ListenAddress(options.Listen), port));
                _acceptors.Add((transport.Kind, new Acceptor(listener, link => punched.PathOf(link, direct), gate, adopter, clock, logger) { PassOn = punched.TryPassOn }));
            }
        }
    }

    /// <summary>Answers STUN on the ports of this node, if it is a gateway.</summary>
    internal StunServer? Stun { get; }

    /// <summary>What can be dialled with.</summary>
    internal IReadOnlyList<ITransport> All => _transports;

    /// <summary>The one that carries µTP; null where it is off.</summary>
    internal UtpTransport? Utp => _transports.OfType<UtpTransport>().FirstOrDefault();

    /// <summary>The one that carries TCP; null where it is off.</summary>
    internal TcpTransport? Tcp => _transports.OfType<TcpTransport>().FirstOrDefault();

    /// <summary>Where TCP listens; null where it is off.</summary>
    internal IPEndPoint? TcpEndPoint => _acceptors.Find(static a => a.Kind == TransportKind.Tcp).Acceptor?.EndPoint;

    /// <summary>The address that all of them listen on; perhaps a wildcard.</summary>
    internal IPAddress Address => _acceptors[0].Acceptor.EndPoint.Address;

    /// <summary>Where they listen, for a log.</summary>
    internal string EndPoints => string.Join(", ", _acceptors.Select(a => $"{a.Kind.ToScheme()}://{a.Acceptor.EndPoint}"));

    /// <summary>Begins to accept peers, once.</summary>
    internal void Accept()
    {
        foreach (var (_, acceptor) in _acceptors)
            acceptor.Start();
    }

    /// <summary>What it listens with, and on which ports.</summary>
    internal IReadOnlyList<(TransportKind Kind, int Port)> Ports => [.. _acceptors.Select(a => (a.Kind, a.Acceptor.EndPoint.Port))];

    /// <summary>Whether it listens on this address of the host.</summary>
    internal bool Listens(IPAddress address) =>
        Address.Equals(address) || Address.Equals(IPAddress.IPv6Any) || (Address.Equals(IPAddress.Any) && address.AddressFamily == AddressFamily.InterNetwork);

    /// <summary>Where this host can be dialled: every address of it with every transport, so that where a list is cut short both are still in it.</summary>
    /// <param name="self">The node.</param>
    internal IReadOnlyList<PeerAddress> Reachable(PeerId self) =>
        [.. from address in LocalAddresses.For(Address) from a in _acceptors select new PeerAddress(a.Kind, new IPEndPoint(address, a.Acceptor.EndPoint.Port), self)];

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, acceptor) in _acceptors)
            await acceptor.DisposeAsync().ConfigureAwait(false);
        if (Stun is not null)
            await Stun.DisposeAsync().ConfigureAwait(false);
        foreach (var transport in _transports)
        {
            if (transport is IAsyncDisposable disposable)
                await disposable.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static IConnectionListener Bind(ITransport transport, IPEndPoint local)
    {
        try
        {
            return transport.Bind(local);
        }
        catch (SocketException e)
        {
            var protocol = transport.Kind == TransportKind.Tcp ? "TCP" : "UDP";
            throw new SocketException(e.ErrorCode, e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => $"{protocol} port {local.Port} is in use; choose another, or 0 for a random one.",
                SocketError.AddressNotAvailable => $"{local.Address}, the address to listen on, is not one of this host's.",
                SocketError.AccessDenied => $"{protocol} port {local.Port} is not for this user: the system keeps low ports for itself.",
                _ => $"{protocol} port {local.Port} of {local.Address} cannot be listened on: {e.Message}",
            });
        }
    }

    private StunServer ServeStun(StunServerOptions options, MonotonicClock clock)
    {
        var tcp = _acceptors.Find(static a => a.Kind == TransportKind.Tcp).Acceptor;
        var utp = _transports.OfType<UtpTransport>().SingleOrDefault()?.Pumps ?? [];
        var server = StunServer.Start(utp, tcp?.EndPoint, options, clock);
        if (tcp is not null)
            tcp.First = server.TryServeAsync;
        return server;
    }

    /// <summary>A gateway with many cores receives with several of them; one core moves more than a peer's line carries.</summary>
    private static int SocketsOf(CrustNodeOptions options) => options.IsGateway ? Math.Clamp(Environment.ProcessorCount / 2, 1, MaxSockets) : 1;

    private static IPAddress ListenAddress(IPAddress wanted) =>
        wanted.Equals(IPAddress.IPv6Any) && !Socket.OSSupportsIPv6 ? IPAddress.Any : wanted;
}
