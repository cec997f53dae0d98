using Crust.Identity;

namespace Crust.Client;

/// <summary>How a trusted service reaches the cluster.</summary>
public sealed class CrustClientOptions
{
    /// <summary>The network's name; default <see cref="NetworkId.DefaultName"/>. Two networks on one cluster never see each other.</summary>
    public string Network { get; set; } = NetworkId.DefaultName;

    /// <summary>
    /// Orleans gateway end points, <c>HOST:PORT</c>; names are resolved again at each <see cref="GatewayListRefreshPeriod"/>. At least one. These ports
    /// are private: whoever reaches them is trusted.
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
}
