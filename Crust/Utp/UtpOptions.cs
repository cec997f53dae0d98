namespace Crust.Utp;

/// <summary>Limits and switches of a µTP endpoint.</summary>
internal sealed record UtpOptions
{
    /// <summary>Whether remotes may connect. Default: yes.</summary>
    internal bool Accepts { get; init; } = true;

    /// <summary>Largest datagram tried, headers of IP and UDP not counted. Default 1,472: Ethernet's 1,500 less IPv4 (20) and UDP (8).</summary>
    internal int MaxDatagramLength { get; init; } = 1472;

    /// <summary>Most connections at once; more are not accepted. Default 65,536.</summary>
    internal int MaxConnections { get; init; } = 65_536;
}
