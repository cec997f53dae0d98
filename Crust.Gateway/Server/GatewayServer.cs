using System.Net;
using Crust.Client;
using Crust.Gateway.Bootstrap;
using Crust.Gateway.Cluster;
using Crust.Gateway.Relay;
using Crust.GatewayProtocol;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Nat.Stun.Driver;
using Crust.Primitives.Driver;
using Microsoft.Extensions.Logging;

namespace Crust.Gateway.Server;

/// <summary>
/// A gateway: a node that peers attach to, with a link to the cluster. It starts and serves what it can while the cluster is away.
/// </summary>
internal sealed class GatewayServer : IAsyncDisposable
{
    /// <summary>How long a gateway that stops takes to withdraw its peers; the zones drop what is left by themselves.</summary>
    private static readonly TimeSpan DetachPatience = TimeSpan.FromSeconds(2);

    private readonly GatewayOptions _options;
    private readonly CrustNode _node;
    private readonly AttachedPeers _peers;
    private readonly CircuitRelay _relay;
    private readonly CrustClusterClient _client;
    private readonly ClusterLink _cluster;
    private readonly PolicyFollower _policy;
    private readonly DrainNotifier _drain;
    private readonly DialBackService _dialBack;
    private readonly BootstrapKeeper _bootstrap;
    private readonly AttemptMetrics _attempts;
    private readonly ulong _epoch;
    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _gate = new();
    private Task _detaching = Task.CompletedTask;

    private GatewayServer(
        GatewayOptions options, CrustNode node, AttachedPeers peers, CircuitRelay relay, PeerAccess operatorAccess, CrustClusterClient client, ILoggerFactory loggerFactory,
        TimeProvider timeProvider)
    {
        _options = options;
        _peers = peers;
        _relay = relay;
        _node = node;
        var clock = new MonotonicClock(timeProvider);
        _epoch = clock.UnixMilliseconds;
        _client = client;
        var proof = GatewayLifeProof.Create(options.Identity, node.Network, _epoch, timeProvider.GetUtcNow());
        _policy = new PolicyFollower(_client, node.Id, options.Operators.ToHashSet(), operatorAccess.Replace, timeProvider, loggerFactory.CreateLogger<ClusterLink>());
        _cluster = new ClusterLink(_client, node.Id, Heartbeat, _peers, timeProvider, loggerFactory.CreateLogger<ClusterLink>(), proof, _policy);
        var policy = new DialBackPolicy(options.NeverDial, OwnAddresses, IPAddress.IsLoopback(options.Listen));
        _dialBack = new DialBackService(node.ProveAsync, node.Id, policy, _cluster, OwnAddresses, clock);
        _bootstrap = new BootstrapKeeper(options.Identity, node.Network, _cluster, _dialBack, _peers.Find, clock, loggerFactory.CreateLogger<BootstrapKeeper>());
        _peers.Other = command => _dialBack.Handle(command);
        _drain = new DrainNotifier(_peers, () => _policy.IsDraining, OtherGateways, timeProvider, loggerFactory.CreateLogger<GatewayServer>());
        _policy.DrainingChanged += _drain.Note;
        _attempts = new AttemptMetrics(loggerFactory.CreateLogger<GatewayServer>());
        var requests = new RequestHandler(node, _peers, _cluster, _dialBack, TellGateways, clock, () => Addresses.Select(a => a.ToString()), options.Identity, relay, _attempts, _bootstrap,
            new Neighbourhoods(_peers, _cluster, node.Network, timeProvider), _drain);
        node.HandleInternal(GatewayCodec.Protocol, requests.HandleAsync);
        node.PeerDisconnected += Detach;
    }

    internal PeerId Id => _node.Id;

    /// <summary>Where peers reach this gateway.</summary>
    internal IReadOnlyList<PeerAddress> Addresses =>
        _options.Advertise.Count == 0 ? _node.Addresses : [.. _options.Advertise.SelectMany(a => a.Complete(_node.Addresses)).Distinct()];

    /// <summary>What it relays.</summary>
    internal CircuitRelay Relay => _relay;

    /// <summary>What peers tell of their attempts to open direct paths.</summary>
    internal AttemptMetrics Attempts => _attempts;

    /// <summary>Its part in the bootstrap cache.</summary>
    internal BootstrapKeeper Bootstrap => _bootstrap;

    internal int AttachedCount => _peers.Count;

    /// <summary>Gateways in the directory, as last heard, this one included: those that peers are told when they attach.</summary>
    internal int KnownGateways => _cluster.Directory.Gateways.Length;

    internal bool IsClusterReachable => _cluster.IsClusterReachable;

    /// <summary>Listens and begins to look for the cluster that the options name.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The port is in use, or the address is not this host's.</exception>
    internal static Task<GatewayServer> StartAsync(GatewayOptions options, ILoggerFactory loggerFactory, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var clientOptions = new CrustClientOptions { Network = options.NetworkName, Profile = options.Profile, Connection = options.Connection, Tls = options.Tls };
        clientOptions.ClusterId = options.ClusterId ?? clientOptions.ClusterId;
        foreach (var endPoint in options.Cluster)
            clientOptions.EndPoints.Add(endPoint);
        return StartAsync(options, () => new CrustClusterClient(clientOptions, loggerFactory, timeProvider), loggerFactory, timeProvider, cancellationToken);
    }

    /// <summary>Listens, with a client of the cluster that is made once the port is ours; the gateway disposes of it.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The port is in use, or the address is not this host's.</exception>
    internal static async Task<GatewayServer> StartAsync(
        GatewayOptions options, Func<CrustClusterClient> client, ILoggerFactory loggerFactory, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        if (options.Region.Length > GatewayHeartbeat.MaxRegionLength)
            throw new ArgumentException($"A region has at most {GatewayHeartbeat.MaxRegionLength} characters; this one has {options.Region.Length}.", nameof(options));
        var peers = new AttachedPeers();
        // The relay knows the directory once there is a link to the cluster; nobody is accepted before.
        GatewayServer? made = null;
        var relay = new CircuitRelay(options.Relay, peers, NetworkId.FromName(options.NetworkName), id => made?.IsGateway(id) == true, new MonotonicClock(timeProvider));
        var operatorAccess = new PeerAccess();
        var node = CrustNode.Bind(
            new CrustNodeOptions
            {
                Identity = options.Identity,
                NetworkName = options.NetworkName,
                Listen = options.Listen,
                TcpPort = options.TcpPort,
                AlsoTcpPorts = options.AlsoTcpPorts,
                UdpPort = options.UdpPort,
                AccessFile = options.AccessFile,
                OperatorAccess = operatorAccess,
                LoggerFactory = loggerFactory,
                TimeProvider = timeProvider,
                IsGateway = true,
                PortMapping = false,
                Stun = new StunServerOptions { OtherPort = options.StunPort, Alternate = options.Alternate },
                CircuitHost = relay,
                MaxSessions = 100_000,
            });
        try
        {
            var server = made = new GatewayServer(options, node, peers, relay, operatorAccess, client(), loggerFactory, timeProvider);
            server._cluster.Start();
            server._bootstrap.Start();
            node.Accept();
            return server;
        }
        catch
        {
            await node.DisposeAsync();
            await relay.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends when the first exchange with the cluster was answered.</summary>
    internal async Task WaitForClusterAsync(CancellationToken cancellationToken)
    {
        await _client.WaitUntilConnectedAsync(cancellationToken);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!_cluster.IsClusterReachable)
            await poll.WaitForNextTickAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        // Peers learn first that they must move; the directory notices the silence by itself.
        _relay.Drain();
        await _node.DisposeAsync();
        await _relay.DisposeAsync();
        _stopped.CancelAfter(DetachPatience);
        Task detaching;
        lock (_gate)
            detaching = _detaching;
        await detaching;
        await _dialBack.DisposeAsync();
        await _bootstrap.DisposeAsync();
        _policy.DrainingChanged -= _drain.Note;
        await _drain.DisposeAsync();
        await _cluster.DisposeAsync();
        await _client.DisposeAsync();
        _attempts.Dispose();
        _stopped.Dispose();
    }

    /// <summary>Where this gateway is: its host's addresses, and what it is told to advertise.</summary>
    private IEnumerable<IPAddress> OwnAddresses() => _node.Addresses.Concat(Addresses).Select(a => a.EndPoint.Address).Distinct();

    private bool IsGateway(PeerId id) => Array.Exists(_cluster.Directory.Gateways, g => g.Gateway == id);

    private GatewayHeartbeat Heartbeat() =>
        new(_epoch, [.. Addresses.Take(GatewayHeartbeat.MaxAddresses).Select(a => a.ToString())], _options.Region, _peers.Count, Draining: _policy.IsDraining);

    /// <summary>What peers are told: the other gateways, and at the end this one, unless it is drained.</summary>
    private IEnumerable<string> TellGateways() => _policy.IsDraining ? OtherGateways() : OtherGateways().Concat(Addresses.Select(a => a.ToString()));

    /// <summary>Addresses of the other gateways, one each first: wherever a peer goes next, it should not be the same host.</summary>
    private IEnumerable<string> OtherGateways() =>
        _cluster.Directory.Gateways
            .Where(g => g.Gateway != Id && !g.Heartbeat.Draining)
            .SelectMany(g => g.Heartbeat.Addresses.Select((address, order) => (address, order)))
            .OrderBy(a => a.order)
            .Select(a => a.address);

    private void Detach(PeerConnection connection)
    {
        if (_peers.Remove(connection) is not { } entry)
            return;
        _bootstrap.HandleDetached(connection.Peer);
        var detaching = DetachAsync(entry);
        lock (_gate)
            _detaching = Task.WhenAll(_detaching, detaching);
    }

    private async Task DetachAsync(AttachedEntry entry)
    {
        try
        {
            await _cluster.DetachAsync(entry.Peer.Peer, entry.Peer.Epoch, _stopped.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The zone drops the entry by itself when this gateway stops announcing it.
        }
    }
}
