using System.Net;
using Azure.Core;
using Crust.Client.Membership;
using Crust.Client.Tls;
using Crust.Identity;
using Crust.Silo.Hosting;

namespace Crust.Silo;

/// <summary>How a silo runs.</summary>
public sealed record SiloOptions
{
    /// <summary>Default of <see cref="ClusterId"/>.</summary>
    public const string DefaultClusterId = CrustSiloExtensions.ClusterName;

    /// <summary>Default of <see cref="SiloPort"/>.</summary>
    public const int DefaultSiloPort = 11111;

    /// <summary>Default of <see cref="GatewayPort"/>.</summary>
    public const int DefaultGatewayPort = 30000;

    /// <summary>Default port of <see cref="Http"/>.</summary>
    public const int DefaultHttpPort = 5480;

    /// <summary>The network that it serves.</summary>
    public string Network { get; init; } = NetworkId.DefaultName;

    /// <summary>Where state and the list of silos are kept: <c>embedded</c> (one silo, its data in a folder; the default), <c>azure</c> or <c>redis</c>.</summary>
    public string Profile { get; init; } = ClusterProfile.Embedded;

    /// <summary>
    /// Embedded: the data folder; null for <c>crust</c> in the user's local data folder. Azure: a storage account's connection string, or its https address.
    /// Redis: <c>HOST:PORT</c>, with options after commas.
    /// </summary>
    public string? Connection { get; init; }

    /// <summary>The credential for an https address of the azure profile; null for what the host offers (managed identity and the like).</summary>
    public TokenCredential? Credential { get; init; }

    /// <summary>Redis: start although the server may lose acknowledged writes, and warn of it.</summary>
    public bool AcceptsDataLoss { get; init; }

    /// <summary>The cluster's name for Orleans. Silos of one name are one cluster, and only one cluster of a network may run on the same storage.</summary>
    public string ClusterId { get; init; } = DefaultClusterId;

    /// <summary>Mutual TLS on all links of the silo; null for none.</summary>
    public ClusterTlsOptions? Tls { get; init; }

    /// <summary>
    /// The address that the silo's own ports listen on. Loopback by default: whoever reaches these ports can do anything in the cluster, so
    /// it must be an address of a private network.
    /// </summary>
    public IPAddress Listen { get; init; } = IPAddress.Loopback;

    /// <summary>The address that silos and Orleans clients are told; null for <see cref="Listen"/>, which then must be one address.</summary>
    public IPAddress? Advertise { get; init; }

    /// <summary>The port that silos talk to one another on; 0 for any.</summary>
    public int SiloPort { get; init; } = DefaultSiloPort;

    /// <summary>The port that Orleans clients connect to; 0 for any.</summary>
    public int GatewayPort { get; init; } = DefaultGatewayPort;

    /// <summary>Where the status page is served; port 0 for any. Loopback by default: it tells who is attached where.</summary>
    public IPEndPoint Http { get; init; } = new(IPAddress.Loopback, DefaultHttpPort);

    /// <summary>Operators whose signed orders count, by their ids: at most 16. Empty: every order is refused.</summary>
    public IReadOnlyList<PeerId> Operators { get; init; } = [];

    /// <summary>
    /// True while gateways that prove nothing, those of the release before, are still there: calls of a gateway that show no proof are believed. Then anyone who reaches the Orleans ports can speak as any gateway. False by
    /// default, and to be made so again when the last of them is gone.
    /// </summary>
    public bool AcceptsUnprovenGateways { get; init; }

    /// <summary>The least that is logged, to the error stream.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Warning;

    /// <summary>The data folder of the embedded profile that counts.</summary>
    public string DataFolder =>
        Path.GetFullPath(Connection ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "crust"));
}
