using System.Net;
using Crust.Client.Tls;
using Crust.Gateway.Relay;
using Crust.Identity;

namespace Crust.Gateway.Server;

/// <summary>How a gateway starts.</summary>
internal sealed record GatewayOptions
{
    /// <summary>The gateway's key; its id is part of its address. Stays the caller's.</summary>
    public required PeerIdentity Identity { get; init; }

    public string NetworkName { get; init; } = NetworkId.DefaultName;

    /// <summary>Address to listen on.</summary>
    public IPAddress Listen { get; init; } = IPAddress.IPv6Any;

    /// <summary>TCP port; 0 draws one.</summary>
    public int TcpPort { get; init; }

    /// <summary>Further TCP ports, 443 above all: many networks let nothing else out.</summary>
    public IReadOnlyList<int> AlsoTcpPorts { get; init; } = [];

    /// <summary>UDP port, for µTP; 0 draws one.</summary>
    public int UdpPort { get; init; }

    /// <summary>The second port for STUN, UDP and TCP; 0 draws one.</summary>
    public int StunPort { get; init; }

    /// <summary>A second address of this host for STUN (RFC 5780), of the same family as <see cref="Listen"/>, which must then be one address. Null: none.</summary>
    public IPAddress? Alternate { get; init; }

    /// <summary>Addresses to tell peers; empty: those of the listeners.</summary>
    public IReadOnlyList<AdvertisedAddress> Advertise { get; init; } = [];

    /// <summary>Orleans gateways of the cluster, HOST:PORT each; empty with a <see cref="Profile"/>.</summary>
    public IReadOnlyList<string> Cluster { get; init; } = [];

    /// <summary>The profile whose membership tells where the silos are; null with <see cref="Cluster"/>.</summary>
    public string? Profile { get; init; }

    /// <summary>Where that profile's membership is.</summary>
    public string? Connection { get; init; }

    /// <summary>The cluster's name for Orleans; null for the default.</summary>
    public string? ClusterId { get; init; }

    /// <summary>Mutual TLS with the silos; null for none.</summary>
    public ClusterTlsOptions? Tls { get; init; }

    /// <summary>Operators whose orders (bans, allow list, drains) count here, by their ids. Empty: nobody's.</summary>
    public IReadOnlyList<PeerId> Operators { get; init; } = [];

    /// <summary>A file of who may attach: <see cref="CrustNodeOptions.AccessFile"/>. Null: everyone.</summary>
    public string? AccessFile { get; init; }

    /// <summary>Networks that are never dialled for peers that want to know whether they can be reached, besides private ones: the cluster's own, where these are public.</summary>
    public IReadOnlyList<IPNetwork> NeverDial { get; init; } = [];

    /// <summary>What circuits may have.</summary>
    public RelayLimits Relay { get; init; } = RelayLimits.Default;

    /// <summary>A free word for operators, of at most 64 characters: the cluster takes no gateway whose word is longer.</summary>
    public string Region { get; init; } = "";
}
