using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Net;
using System.Net.Sockets;
using Crust.Dialing;
using Crust.Dialing.Driver;
using Crust.Diagnostics;
using Crust.Discovery.Lan;
using Crust.Discovery.Lan.Driver;
using Crust.GatewayProtocol;
using Crust.GatewayProtocol.Driver;
using Crust.Identity;
using Crust.Nat.Behavior;
using Crust.Nat.Behavior.Driver;
using Crust.Nat.HolePunching.Driver;
using Crust.Nat.Stun;
using Crust.Nat.Stun.Driver;
using Crust.PeerProtocol;
using Crust.Primitives.Driver;
using Crust.Session;
using Crust.Session.Circuits;
using Crust.Session.Driver;
using Crust.Session.Handshakes;
using Crust.Transport;
using Crust.Udp;
using Microsoft.Extensions.Logging;

namespace Crust;

/// <summary>
/// A peer: it listens, attaches to a gateway, is found by its id, and finds others by theirs. Register handlers with <see cref="Handle"/>,
/// connect with <see cref="ConnectAsync(PeerId, CancellationToken)"/>, send on the <see cref="PeerConnection"/>. Thread safe.
/// </summary>
public sealed partial class CrustNode : IAsyncDisposable
{
    private readonly CrustNodeOptions _options;
    private readonly PeerIdentity _identity;
    private readonly bool _ownsIdentity;
    private readonly ILogger _logger;
    private readonly ProtocolRegistry _protocols;
    private readonly SessionReviver _reviver;
    private readonly CancellationTokenSource _stopped = new();
    private readonly SemaphoreSlim _handshakeCore = new(1);
    private readonly FrozenSet<string> _signatureRequired;
    private readonly NodePolicy _policy;
    private readonly LinkHandshaker _handshaker;
    private readonly SessionTable _table;
    private readonly NodeTransports _transports;
    private readonly SessionArrivals _arrivals = new();
    private readonly CircuitAcceptor _circuits;
    private readonly RelayHops _hops;
    private readonly PeerFinder _finder;
    private readonly PeerConnector _connector;
    private readonly IntroductionHandler _introductions;
    private readonly GatewayAttachment? _attachment;
    private readonly Attestor _attestor;
    private readonly NatObserver? _nat;
    private readonly Puncher? _puncher;
    private readonly TcpPuncher? _tcpPuncher;
    private readonly PathUpgrader? _upgrader;
    private readonly ControlTalks? _controls;
    private readonly AddressFollower? _follower;
    private readonly ConcurrentDictionary<IPEndPoint, bool> _gatewayEndPoints = new();
    private readonly LocalAddressWatch? _addressWatch;
    private readonly NodeReachability _reachability;
    private readonly AddressProver _prover;
    private readonly LanDiscovery? _lan;
    private readonly NodeMemory _memory;
    private int _disposed;

    private CrustNode(CrustNodeOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.MemoryBudget, nameof(options));
        if (options.ResumeTimeout < TimeSpan.Zero || options.ResumeTimeout > SessionLimits.Default.SuspendTimeout)
            throw new ArgumentOutOfRangeException(nameof(options), options.ResumeTimeout, "A connection outlives its link for 0 to 120 s.");
        _options = options;
        _ownsIdentity = options.Identity is null;
        _identity = options.Identity ?? PeerIdentity.Create();
        Network = NetworkId.FromName(options.NetworkName);
        _logger = options.LoggerFactory.CreateLogger<CrustNode>();
        var clock = new MonotonicClock(options.TimeProvider);
        _policy = new NodePolicy(options, clock, _logger);
        var owner = new Owner(this);
        _protocols = new ProtocolRegistry(ConnectionOf);
        var limits = new SessionLimits
        {
            Memory = new MemoryBudget(options.MemoryBudget),
            SuspendTimeout = options.ResumeTimeout,
            KeepEvidence = options.KeepEvidence,
        };
        var unsigned = options.UnsignedProtocols.Append(PunchTalk.Protocol).ToFrozenSet(StringComparer.Ordinal);
        _signatureRequired = options.SignatureRequiredProtocols.ToFrozenSet(StringComparer.Ordinal);
        _table = new SessionTable(_identity, Network, new SessionTerms(options.MaxSessions, limits, unsigned.Contains) { CircuitHost = options.CircuitHost }, owner, clock, _logger);
        _handshaker = new LinkHandshaker(_identity, Network, clock, _handshakeCore);
        var terms = new HandshakeTerms(_identity.Id, options.Sign, options.RequireSignatures, options.AllowAegis128L, _policy.Epoch);
        var adopter = new LinkAdopter(_handshaker, terms, _table, owner, _policy.Gate, clock);
        var punched = new PunchedPaths(clock);
        _transports = new NodeTransports(options, _policy.Gate, adopter, punched, clock, _logger);
        if (_transports.Tcp is { } tcp)
            tcp.DialsFromListener = _gatewayEndPoints.ContainsKey;
        _prover = new AddressProver(_handshaker, terms, _transports.Address, clock, _logger);
        _reachability = new NodeReachability(options, Id, _transports, clock, _logger);
        var dialer = new Dialer(_transports.All, adopter, _policy.Gate, clock, _logger);
        _circuits = new CircuitAcceptor(Takes, _policy.Gate, adopter, limits.Memory, options.TimeProvider, _logger);
        _hops = new RelayHops(_circuits, () => _attachment, ConnectRelayAsync, options.TimeProvider);
        var calls = new CircuitDialer(_hops, _circuits, adopter, options.TimeProvider);
        if (!options.IsGateway && options.Paths != PathPolicy.RelayOnly)
        {
            _puncher = new Puncher(PunchEnvironment(), punched, adopter, clock, _logger, _stopped.Token);
            _tcpPuncher = new TcpPuncher(PunchEnvironment(), punched, adopter, clock, _logger, _stopped.Token);
            _upgrader = new PathUpgrader(_puncher, _tcpPuncher, Id, options.TimeProvider, _logger, _stopped.Token);
            _controls = new ControlTalks(HandlePunchTalk, _upgrader, new ControlHandshaker(_handshaker, terms, _policy.Gate), calls, clock, _stopped.Token);
            _circuits.TakeControl = _controls.TakeAsync;
            if (options.ReportAttempts)
            {
                var reporter = new AttemptReporter(() => _attachment, clock);
                _puncher.Ended += (_, report) => reporter.Tell(report);
                _tcpPuncher.Ended += (_, report) => reporter.Tell(report);
            }

            _protocols.AddInternal(PunchTalk.Protocol, HandlePunchMessage);
        }

        if (options.LanDiscovery)
            _lan = new LanDiscovery(_identity, Network, LanPorts(), clock, _logger);
        _memory = new NodeMemory(options, Id, Network, MayContact, clock, _logger);
        _finder = new PeerFinder(Id, Network, () => _attachment, IsLoopbackAllowed, options.TimeProvider);
        _connector = new PeerConnector(options, Id, _table, dialer, _finder, _arrivals, calls, _controls, () => _attachment, _lan, _memory, IsLoopbackAllowed, _policy.Gate, _stopped.Token);
        if (_upgrader is not null)
            _follower = new AddressFollower((session, token) => _connector.DialNewAddressesAsync((SessionDriver)session, token), options.TimeProvider, _stopped.Token);
        _introductions = new IntroductionHandler(Id, Network, _table, dialer, _arrivals, IsLoopbackAllowed, clock, _logger, _stopped.Token);
        // A gateway's peers come back by themselves, if they are lost at all.
        if (!options.IsGateway)
            _addressWatch = new LocalAddressWatch(() => _table.Sessions, LocalAddressWatch.OfHost, options.TimeProvider, _logger);
        _reviver = new SessionReviver(_connector, () => _attachment?.Doubt(), options.TimeProvider, _logger, _stopped.Token);
        foreach (var (protocol, handler) in options.Handlers)
            _protocols.Add(protocol, handler);
        foreach (var (protocol, handler) in options.StreamHandlers)
            _protocols.Add(protocol, handler);
        foreach (var (protocol, handler) in options.RequestHandlers)
            _protocols.Add(protocol, handler);
        _protocols.AddInternal(PingCodec.Protocol, (message, token) => ConnectionOf(message.Session).Pinger.HandleAsync(message, token));
        _attestor = new Attestor(() => _attachment, options.TimeProvider);
        if ((options.Bootstrap.Count > 0 || _memory.Gateways().Count > 0) && !options.IsGateway)
        {
            _attachment = new GatewayAttachment(
                new AttachmentOptions(_identity, Network, [.. options.Bootstrap], _policy.Epoch.UnixMilliseconds, MayContact) { Remembered = _memory.Gateways }, ConnectGatewayAsync, PublishedAddresses, clock, _logger);
            _attachment.Attached += _reviver.Hurry;
            _protocols.AddInternal(GatewayCodec.Protocol, HandleGatewayMessage);
            _attachment.Capabilities = () => Capabilities(_nat);
            _attachment.Refused += HandleRefused;
            _memory.Attach(_attachment);
            if (options.ObserveNat)
                _nat = Observe(_attachment, clock);
            _attachment.Renewed += () => AskNeighbourhood(_attachment);
        }

        AddRouting(dialer, clock);
    }

    /// <summary>A connection was made, by either side. Subscribers must return soon; what they throw is logged.</summary>
    public event Action<PeerConnection>? PeerConnected;

    /// <summary>
    /// A connection moved to another link, or lost its only one (<see cref="PeerConnection.IsSuspended"/>) and waits for another.
    /// </summary>
    public event Action<PeerConnection>? PeerPathChanged;

    /// <summary>A connection ended; <see cref="PeerConnection.CloseReason"/> tells why.</summary>
    public event Action<PeerConnection>? PeerDisconnected;

    /// <summary>
    /// A peer or gateway says that a newer process runs under this node's identity: its connection with this node has ended, and a gateway looks after the newer one. The node goes on and keeps
    /// what it has, but should be stopped, or get an identity of its own. The argument tells who says so.
    /// </summary>
    public event Action<PeerId>? IdentityElsewhere;

    /// <summary>This node's name.</summary>
    public PeerId Id => _identity.Id;

    /// <summary>The network it is in.</summary>
    public NetworkId Network { get; }

    /// <summary>
    /// Where this node listens, as addresses that others could dial: those of the host, and those that a gateway found it at, whether its router maps them or nothing is in the way.
    /// </summary>
    public IReadOnlyList<PeerAddress> Addresses => PublishedAddresses();

    /// <summary>What is known of the addresses at which others might reach this node from outside: mapped ones, and where its gateway sees it. Empty while no gateway was asked.</summary>
    public IReadOnlyList<AddressReachability> Reachability => _reachability.Addresses;

    /// <summary>Peers that announced themselves on the LAN in the last two minutes; none without <see cref="CrustNodeOptions.LanDiscovery"/>. A hint: whoever is dialled must prove its id.</summary>
    public IReadOnlyList<PeerId> LanPeers => _lan?.Peers ?? [];

    /// <summary>The gateway the node is attached to; null while there is none.</summary>
    public PeerId? Gateway => _attachment?.Current?.Gateway;

    /// <summary>
    /// What stands between this node and the internet. Found out in the seconds after it attached, anew when the host's addresses change or it slept;
    /// <see cref="NatReport.Unknown"/> before, and for a node without gateways.
    /// </summary>
    public NatReport NatReport => _nat?.Report ?? NatReport.Unknown;

    /// <summary>Who may connect; changes count at once, for open connections too.</summary>
    public PeerAccess Access => _options.Access;

    /// <summary>The open connections, those with gateways included.</summary>
    public IReadOnlyList<PeerConnection> Connections => [.. _table.Sessions.Select(ConnectionOf)];

    /// <summary>Starts a node: listens and, when there are bootstrap addresses, attaches to a gateway.</summary>
    /// <exception cref="ConnectException"><see cref="ConnectFailure.BootstrapFailed"/>: no gateway took the node within the bootstrap time-out.</exception>
    /// <exception cref="SocketException">The port is in use, or the address is not this host's.</exception>
    public static async Task<CrustNode> StartAsync(CrustNodeOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var node = Bind(options);
        try
        {
            node.Accept();
            await node.AttachAsync(cancellationToken).ConfigureAwait(false);
            return node;
        }
        catch
        {
            await node.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Registers the handler of a protocol. Messages of protocols without one are refused, which their sender is told. A later handler takes
    /// the place of an earlier one for connections that have not used the protocol yet.
    /// </summary>
    /// <exception cref="ArgumentException">The name is Crust's own.</exception>
    public void Handle(string protocol, PeerMessageHandler handler) => _protocols.Add(protocol, handler);

    /// <summary>Registers the handler of a protocol's streams. Streams of protocols without one are refused.</summary>
    /// <exception cref="ArgumentException">The name is Crust's own.</exception>
    public void HandleStreams(string protocol, PeerStreamHandler handler) => _protocols.Add(protocol, handler);

    /// <summary>Registers the handler of a protocol's requests, which takes the place of one for its streams: a request is a stream.</summary>
    /// <exception cref="ArgumentException">The name is Crust's own.</exception>
    public void HandleRequests(string protocol, PeerRequestHandler handler) => _protocols.Add(protocol, handler);

    /// <summary>Registers the handler of a protocol's datagrams. Those of protocols without one are lost.</summary>
    /// <exception cref="ArgumentException">The name is Crust's own.</exception>
    public void HandleDatagrams(string protocol, PeerMessageHandler handler) => _protocols.AddDatagrams(protocol, handler);

    /// <summary>Connects to a peer by its id alone, through the gateway; the open connection if there is one.</summary>
    /// <exception cref="ConnectException">The connection did not come about; <see cref="ConnectException.Failure"/> tells why.</exception>
    public async Task<PeerConnection> ConnectAsync(PeerId peer, CancellationToken cancellationToken = default) =>
        ConnectionOf(await _connector.ConnectAsync(peer, cancellationToken).ConfigureAwait(false));

    /// <summary>Connects to a peer at an address; the open connection with that peer if there is one.</summary>
    /// <inheritdoc cref="ConnectAsync(PeerId, CancellationToken)"/>
    public async Task<PeerConnection> ConnectToAddressAsync(PeerAddress address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        return ConnectionOf(await _connector.ConnectAsync([address], cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Connects to a peer at several addresses, which race: the first that answers carries the connection; the open one with that peer if there is one.</summary>
    /// <param name="addresses">At least one; all of the same peer.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <exception cref="ArgumentException">There is none, or they name different peers.</exception>
    /// <exception cref="ConnectException">The connection did not come about; <see cref="ConnectException.Failure"/> tells why.</exception>
    public async Task<PeerConnection> ConnectToAddressesAsync(IReadOnlyCollection<PeerAddress> addresses, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        if (addresses.Select(a => a.Peer).Distinct().Count() != 1)
            throw new ArgumentException("Addresses to connect to are of one peer.", nameof(addresses));
        return ConnectionOf(await _connector.ConnectAsync([.. addresses.Distinct()], cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Stops: tells gateways and peers, closes every connection and the port.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _stopped.CancelAsync().ConfigureAwait(false);
        // In this order: first what begins something, then what it begins it with.
        await _asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var part in new IAsyncDisposable?[]
        {
            _addressWatch, _search, _neighbours, _nat, _memory, _attachment, _reachability, _reviver, _controls, _upgrader, _follower, _puncher, _tcpPuncher, _connector, _lan, _hops, _circuits, _introductions,
        })
        {
            if (part is not null)
                await part.DisposeAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(_table.Close().Select(s => s.DisposeAsync().AsTask())).ConfigureAwait(false);
        await _transports.DisposeAsync().ConfigureAwait(false);
        await _policy.DisposeAsync().ConfigureAwait(false);
        if (_ownsIdentity)
            _identity.Dispose();
        _handshakeCore.Dispose();
        _stopped.Dispose();
    }

    /// <summary>Makes a node that has its port but accepts nobody yet: what answers can still be registered.</summary>
    internal static CrustNode Bind(CrustNodeOptions options) => new(options);

    /// <summary>Begins to accept peers, once.</summary>
    internal void Accept()
    {
        _policy.Start(() => _table.Sessions);
        _transports.Accept();
        Log.Listening(_logger, Id.ToShortString(), _transports.EndPoints);
        _reachability.Start(_attachment);
        _lan?.Start();
        _search?.Start();
    }

    /// <summary>Opens ways through NATs; null at a gateway.</summary>
    internal Puncher? Puncher => _puncher;

    /// <summary>The same over TCP.</summary>
    internal TcpPuncher? TcpPuncher => _tcpPuncher;

    /// <summary>Finds out about NATs; null where nobody can be asked.</summary>
    internal NatObserver? NatObserver => _nat;

    /// <summary>Asks gateways where peers are.</summary>
    internal PeerFinder Finder => _finder;

    /// <summary>What this node remembers of others.</summary>
    internal NodeMemory Memory => _memory;

    /// <summary>Where others can reach this node, and what routers map.</summary>
    internal NodeReachability Reaching => _reachability;

    /// <summary>Dials an address to find out whether the peer is there, from a port of its own and without a session.</summary>
    internal Task<ProofOutcome> ProveAsync(PeerAddress address, TimeSpan patience, CancellationToken cancellationToken) => _prover.ProveAsync(address, patience, cancellationToken);

    /// <summary>Where this node, a gateway, answers STUN; null: nowhere.</summary>
    internal StunServerInfo? Stun => _transports.Stun?.Info;

    /// <summary>What this node refused so far.</summary>
    internal AdmissionStatistics Refusals => _policy.Gate.Statistics;

    /// <summary>How often handshake arithmetic ran.</summary>
    internal long HandshakeComputations => _handshaker.Computations;

    /// <summary>Which process of the identity this node is.</summary>
    internal ProcessEpoch Epoch => _policy.Epoch;

    /// <summary>Registers a handler of one of Crust's own protocols.</summary>
    internal void HandleInternal(string protocol, InboundHandler handler) => _protocols.AddInternal(protocol, handler);

    /// <summary>The application's view of a session: one object for its whole life.</summary>
    internal PeerConnection ConnectionOf(SessionDriver session) => (PeerConnection)session.GetOrSetTag(_options.TimeProvider, static (s, time) => new PeerConnection(s, time));

    private ValueTask HandleGatewayMessage(DeliveredMessage message, CancellationToken cancellationToken)
    {
        if (_attestor.TryHandle(message))
            return ValueTask.CompletedTask;
        if (_attachment!.Handle(message) is { } introduction && _options.Paths != PathPolicy.RelayOnly)
            _introductions.Handle(introduction);
        return ValueTask.CompletedTask;
    }

    private NatObserver Observe(GatewayAttachment attachment, MonotonicClock clock)
    {
        var utp = _transports.Utp;
        var observer = new NatObserver(
            new NatObserverOptions(
                () => utp?.Listening is { } pump ? StunDispatcher.Of(pump.Socket) : null, utp?.BindSocket ?? DatagramSockets.Bind, _transports.TcpEndPoint,
                attachment.StunServersOf, _reachability.NoteContact),
            clock, _logger);
        attachment.Attached += observer.Look;
        observer.Changed += report =>
        {
            _reachability.Handle(report);
            attachment.Renew();
        };
        observer.NetworkChanged += () => _upgrader?.NetworkChanged();
        observer.Start();
        return observer;
    }

    private async Task<SessionDriver?> ConnectGatewayAsync(IReadOnlyList<PeerAddress> contact, CancellationToken cancellationToken)
    {
        foreach (var address in contact)
            _gatewayEndPoints[address.EndPoint] = true;
        try
        {
            foreach (var address in contact)
                _reachability.NoteContact(address.EndPoint.Address);
            var session = await _connector.ConnectAsync(contact, cancellationToken).ConfigureAwait(false);
            session.EnableCircuits(_circuits);
            return session;
        }
        catch (ConnectException e)
        {
            HandleUnreached(contact, e);
            return null;
        }
    }

    private Task<SessionDriver> ConnectRelayAsync(IReadOnlyList<PeerAddress> gateway, CancellationToken cancellationToken)
    {
        foreach (var address in gateway)
            _reachability.NoteContact(address.EndPoint.Address);
        return _connector.ConnectAsync(gateway, cancellationToken);
    }

    /// <summary>Whether this node takes circuits of a kind.</summary>
    private bool Takes(CircuitKind kind) => kind == CircuitKind.Control ? _controls is not null : _options.Paths != PathPolicy.DirectOnly;

    /// <summary>What is told on the LAN. A node that takes no direct path tells nothing, and one on loopback cannot be dialled from there.</summary>
    private IReadOnlyList<LanPort> LanPorts() => _options.Paths == PathPolicy.RelayOnly || _options.PublishesNothing || IPAddress.IsLoopback(_transports.Address)
        ? []
        : [.. _transports.Ports.Take(LanPacket.MaxPorts).Select(p => new LanPort(p.Kind, (ushort)p.Port))];

    private IReadOnlyList<PeerAddress> PublishedAddresses() => _options.Paths == PathPolicy.RelayOnly || _options.PublishesNothing ? [] : _reachability.Published();

    /// <summary>
    /// Dials to loopback make sense only when we are on it: we listen there, or reached our gateway there. What the gateway says it sees does
    /// not count, or it could make us knock at our own host's doors.
    /// </summary>
    private bool IsLoopbackAllowed() =>
        IPAddress.IsLoopback(_transports.Address)
        || (_attachment?.Current?.Session.RemoteEndPoint is { } gateway && IPAddress.IsLoopback(gateway.Address));

    /// <summary>Whether another gateway that our gateway names may be dialled, like any address from a stranger.</summary>
    private bool MayContact(PeerAddress contact) => AddressPolicy.MayDial(contact.EndPoint.Address, IsLoopbackAllowed());

    private void Raise(Action<PeerConnection>? subscribers, SessionDriver session) => Raise(subscribers, ConnectionOf(session));

    private void RaiseIdentityElsewhere(PeerId teller)
    {
        Log.IdentityElsewhere(_logger, teller.ToShortString());
        Raise(IdentityElsewhere, teller);
    }

    private void Raise<T>(Action<T>? subscribers, T subject)
    {
        try
        {
            subscribers?.Invoke(subject);
        }
#pragma warning disable CA1031 // The application's code: what it throws must not end the session.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.SubscriberFailed(_logger, e);
        }
    }
}
