using Azure.Core;
using Crust.Client.Membership;
using Crust.Client.Tls;
using Crust.Identity;

namespace Crust.Client;

/// <summary>How a trusted service reaches the cluster.</summary>
public sealed class CrustClientOptions
{
    /// <summary>The network's name; default <see cref="NetworkId.DefaultName"/>. Two networks on one cluster never see each other.</summary>
    public string Network { get; set; } = NetworkId.DefaultName;

    /// <summary>
    /// Orleans gateway end points, <c>HOST:PORT</c>; names are resolved again at each <see cref="GatewayListRefreshPeriod"/>. At least one, unless
    /// <see cref="Profile"/> tells where silos are listed. These ports are private: without <see cref="Tls"/>, whoever reaches them is trusted.
    /// </summary>
    public IList<string> EndPoints { get; } = [];

    /// <summary>The Orleans cluster id that the silos were given; default <c>crust</c>.</summary>
    public string ClusterId { get; set; } = "crust";

    /// <summary>The Orleans service id that the silos were given; default <c>crust</c>.</summary>
    public string ServiceId { get; set; } = "crust";

    /// <summary>How long one call may take, retries included, before it counts as unavailable; default 5 s. Below 2.5 s a mailbox's long poll would not fit.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often end points are resolved and dead ones tried again; default 3 s.</summary>
    public TimeSpan GatewayListRefreshPeriod { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>The wait between attempts to connect for the first time; default 1 s.</summary>
    public TimeSpan ConnectRetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary><c>azure</c> or <c>redis</c>: silos are found where they keep their membership. Null: <see cref="EndPoints"/> names them.</summary>
    public string? Profile { get; set; }

    /// <summary>
    /// With <see cref="Profile"/>: the storage account's connection string or its https address, or Redis' <c>HOST:PORT</c>. Reading is all that is needed:
    /// one table, or one key.
    /// </summary>
    public string? Connection { get; set; }

    /// <summary>The credential for an https address of the azure profile; null for what the host offers (managed identity and the like).</summary>
    public TokenCredential? Credential { get; set; }

    /// <summary>Mutual TLS with the silos; null for none, as the silos must have it.</summary>
    public ClusterTlsOptions? Tls { get; set; }

    /// <summary>What is wrong with where silos are to be found; null when nothing is.</summary>
    internal string? ComplaintOfSilos()
    {
        if (Profile is null)
        {
            if (EndPoints.Count == 0)
                return "No cluster end point is configured: name at least one HOST:PORT.";
            return EndPoints.FirstOrDefault(text => !EndPointGatewayListProvider.TrySplit(text, out _, out _)) is { } wrong ? $"'{wrong}' is not a cluster end point: HOST:PORT." : null;
        }

        if (EndPoints.Count > 0)
            return "Silos are found by end points or by a profile, not by both.";
        return Profile switch
        {
            ClusterProfile.Azure => AzureTables.Complaint(Connection),
            ClusterProfile.Redis => RedisServer.Complaint(Connection),
            ClusterProfile.Embedded => "The embedded profile lists its one silo nowhere: name its HOST:PORT.",
            _ => ClusterProfile.Complaint(Profile),
        };
    }
}
