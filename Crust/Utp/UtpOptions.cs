namespace Crust.Utp;

/// <summary>Limits and switches of a µTP endpoint.</summary>
internal sealed record UtpOptions
{
    /// <summary>
    /// Ours: fits Ethernet's jumbo frames of 9,000 bytes and the shortest receive buffers of <see cref="Udp"/>, and eight of them fill a train. Loopback takes it too.
    /// </summary>
    internal const int JumboFrameLength = 8120;

    /// <summary>Whether remotes may connect. Default: yes.</summary>
    internal bool Accepts { get; init; } = true;

    /// <summary>Largest datagram tried, headers of IP and UDP not counted. Default 1,472: Ethernet's 1,500 less IPv4 (20) and UDP (8).</summary>
    internal int MaxDatagramLength { get; init; } = 1472;

    /// <summary>
    /// Datagram that is tried between Crust peers once the longest of the others has passed; 0 for none. Default 0. Not with other peers: some receive into buffers that are no longer than Ethernet's packets.
    /// </summary>
    internal int JumboDatagramLength { get; init; }

    /// <summary>Most connections at once; more are not accepted. Default 65,536.</summary>
    internal int MaxConnections { get; init; } = 65_536;

    /// <summary>Window that each connection has by right, each way. Default 256 KiB.</summary>
    internal int InitialWindowBytes { get; init; } = 256 * 1024;

    /// <summary>Window that a connection may grow to, each way, while the budget lasts. Default 16 MiB.</summary>
    internal int MaxWindowBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>What all connections together may hold beyond their first windows. Default 512 MiB.</summary>
    internal long WindowBudgetBytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>How long a connection may take to open. Default 15 s: SYNs after 0, 1, 3 and 7 s.</summary>
    internal TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A connection that sent nothing for so long sends an acknowledgement, for the NATs on its path. Default 25 s: mappings of UDP end after 30 s at some. Zero: never.</summary>
    internal TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(25);
}
