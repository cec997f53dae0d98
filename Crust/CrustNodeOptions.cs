using System.Net;
using Crust.Identity;
using Crust.Nat.Stun.Driver;
using Crust.Session.Circuits.Driver;
using Crust.Transport;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crust;

/// <summary>How a node starts. Defaults fit a peer on the internet.</summary>
public sealed class CrustNodeOptions
{
    /// <summary>The node's key; null makes a new one, which ends with the node. The node does not dispose of an identity it was given.</summary>
    public PeerIdentity? Identity { get; set; }

    /// <summary>The network's name. Nodes of different networks never shake hands. Default <see cref="NetworkId.DefaultName"/>.</summary>
    public string NetworkName { get; set; } = NetworkId.DefaultName;

    /// <summary>Gateways to begin with. Empty: the node is not attached; it dials and is dialled by address only.</summary>
    public IList<PeerAddress> Bootstrap { get; } = [];

    /// <summary>Gateways that the start leaves out, whoever names them. What is left out counts until the node is attached; <see cref="CrustNode.BootstrapAsync"/> takes others.</summary>
    public ISet<PeerId> BootstrapExclusions { get; } = new HashSet<PeerId>();

    /// <summary>
    /// A file in which the node remembers gateways and directly reachable peers, up to 200: those it reached itself before those it was told of. With it a node starts without <see cref="Bootstrap"/>
    /// once it was attached before, and finds known peers when no gateway is left. Made with its folder, written whole, set aside when it is damaged, and never a reason not to start. One network a
    /// file; several processes may share it. Default none: the node remembers until it ends.
    /// </summary>
    public string? BootstrapCacheFile { get; set; }

    /// <summary>
    /// Let gateways tell this node to others as one to begin with, once a dial-back proved that it can be reached. Default true; has no effect on a <see cref="NodeRole.Client"/> and on a node that
    /// publishes no address.
    /// </summary>
    public bool AcceptBootstrap { get; set; } = true;

    /// <summary>What part the node takes. Default <see cref="NodeRole.Node"/>.</summary>
    public NodeRole Role { get; set; }

    /// <summary>Address to listen on. Default <see cref="IPAddress.IPv6Any"/>: every address, IPv4 included.</summary>
    public IPAddress Listen { get; set; } = IPAddress.IPv6Any;

    /// <summary>TCP port to listen on; 0, the default, draws a random one at each start.</summary>
    public int TcpPort { get; set; }

    /// <summary>UDP port to listen on, for µTP; 0, the default, draws a random one at each start.</summary>
    public int UdpPort { get; set; }

    /// <summary>The transports to listen and dial with. Default all. One that is left out is not started at all, and takes no port.</summary>
    public Transports Transports { get; set; } = Transports.All;

    /// <summary>
    /// Ask the router to map the node's ports (PCP, NAT-PMP, UPnP-IGD), and publish those that a gateway could dial. Default true; has no effect on a node that listens on loopback alone.
    /// The router deletes the mappings when the node stops.
    /// </summary>
    public bool PortMapping { get; set; } = true;

    /// <summary>
    /// Announce the node on its LAN, signed, by multicast to UDP port 5484, and look for peers there: two nodes on a LAN connect by their ids without any gateway. Whoever is on the LAN learns the
    /// node's id and ports. Default false.
    /// </summary>
    public bool LanDiscovery { get; set; }

    /// <summary>
    /// Keep a table of peers, and find and be found through them where no gateway can be asked: known peers are dialled, others looked up from peer to peer and introduced by them. Default true; has an
    /// effect on a node with gateways to begin with, or with a <see cref="RoutingTableFile"/>, that takes direct paths.
    /// </summary>
    public bool PeerRouting { get; set; } = true;

    /// <summary>Where that table is kept from one start to the next; made when it is not there, and set aside when it is damaged. Default nowhere.</summary>
    public string? RoutingTableFile { get; set; }

    /// <summary>
    /// Which paths connections with peers may take. Default <see cref="PathPolicy.Any"/>. The stricter one of both sides counts. Gateways are dialled whatever it is.
    /// </summary>
    public PathPolicy Paths { get; set; }

    /// <summary>
    /// Tell the gateway what became of attempts to open direct paths: what the NATs on both sides do, how far it came and how long it took; no addresses and no peers. Default true.
    /// </summary>
    public bool ReportAttempts { get; set; } = true;

    /// <summary>Handlers by protocol that are there before the first peer can connect; more can be added by <see cref="CrustNode.Handle"/>.</summary>
    public IDictionary<string, PeerMessageHandler> Handlers { get; } = new Dictionary<string, PeerMessageHandler>(StringComparer.Ordinal);

    /// <summary>Handlers of streams by protocol; more can be added by <see cref="CrustNode.HandleStreams"/>.</summary>
    public IDictionary<string, PeerStreamHandler> StreamHandlers { get; } = new Dictionary<string, PeerStreamHandler>(StringComparer.Ordinal);

    /// <summary>Handlers of requests by protocol; more can be added by <see cref="CrustNode.HandleRequests"/>.</summary>
    public IDictionary<string, PeerRequestHandler> RequestHandlers { get; } = new Dictionary<string, PeerRequestHandler>(StringComparer.Ordinal);

    /// <summary>Sign every message sent, so that it cannot be denied. Default true; off, messages are still authenticated to the receiver alone.</summary>
    public bool Sign { get; set; } = true;

    /// <summary>Protocols whose payloads are left out of the signatures although <see cref="Sign"/> is on. Default none.</summary>
    public ISet<string> UnsignedProtocols { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Insist that whoever connects signs, whatever the protocol. Default false: the other side's own choice counts.</summary>
    public bool RequireSignatures { get; set; }

    /// <summary>Protocols whose unsigned messages and streams are refused. Default none. Datagrams, which never are signed, are not concerned.</summary>
    public ISet<string> SignatureRequiredProtocols { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Keep what <see cref="PeerMessage"/>s are exported with: 48 bytes a message while it is handled. Default true.</summary>
    public bool KeepEvidence { get; set; } = true;

    /// <summary>
    /// How long a connection outlives the loss of its link, waiting for another: 0 to 120 s. Default 120 s; at 0 it ends with its link. The shorter one of both
    /// sides counts.
    /// </summary>
    public TimeSpan ResumeTimeout { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>
    /// Bytes that the windows of all connections may have beyond their smallest, which is 256 KiB for each kind and direction. What is held beyond a window
    /// while a message that was begun ends counts too, but is never refused. Default a quarter of the memory that the process may use.
    /// </summary>
    public long MemoryBudget { get; set; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;

    /// <summary>Allow the AEGIS-128L cipher: about half again as fast, with a 128-bit key. Default false.</summary>
    public bool AllowAegis128L { get; set; }

    /// <summary>Longest wait in <see cref="CrustNode.StartAsync"/> for a gateway; then it fails, unless the node remembers peers or has <see cref="LanDiscovery"/>. Default 10 s.</summary>
    public TimeSpan BootstrapTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest connection attempt. Default 60 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Most sessions at a time; further peers are refused. Default 10,000.</summary>
    public int MaxSessions { get; set; } = 10_000;

    /// <summary>Who may connect; may be changed at any time, and shared by several nodes. Default: everyone.</summary>
    public PeerAccess Access { get; set; } = new();

    /// <summary>
    /// A file that <see cref="Access"/> follows: read at the start and within 2 s of each change, in place of whatever rules there were. Its form:
    /// <see cref="Crust.Access.AccessRules.TryParse"/>. A file that is wrong or missing fails the start; later the last good rules stay and an error is logged. Default none.
    /// </summary>
    public string? AccessFile { get; set; }

    /// <summary>Limits on what others may begin.</summary>
    public AdmissionOptions Admission { get; set; } = new();

    /// <summary>The clock. Default the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where the node logs. Default nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>Find out about NATs, once attached. Default true.</summary>
    internal bool ObserveNat { get; set; } = true;

    /// <summary>What a gateway's STUN server has besides the listeners' ports; null: there is no server.</summary>
    internal StunServerOptions? Stun { get; set; }

    /// <summary>A gateway answers the gateway protocol itself instead of attaching.</summary>
    internal bool IsGateway { get; set; }

    /// <summary>Has gateways dial this node on loopback too, where everything runs on one host: for tests.</summary>
    internal bool ProvesLoopback { get; set; }

    /// <summary>A gateway's: TCP ports to listen on beside <see cref="TcpPort"/>, for peers whose network lets only some out.</summary>
    internal IReadOnlyList<int> AlsoTcpPorts { get; set; } = [];

    /// <summary>The node publishes no address: on one host, as behind a NAT, only a punch leads to it. Off by default; for tests.</summary>
    internal bool PublishesNothing { get; set; }

    /// <summary>A gateway's: what the network's operators ordered of peers, beside <see cref="Access"/>. A peer must be allowed by both.</summary>
    internal PeerAccess? OperatorAccess { get; set; }

    /// <summary>A gateway's: who takes the circuits that peers open.</summary>
    internal ICircuitHost? CircuitHost { get; set; }
}
