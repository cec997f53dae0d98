namespace Crust.Udp;

/// <summary>How a UDP socket is made.</summary>
internal sealed record DatagramSocketOptions
{
    /// <summary>The fastest way that is tried. Default: <see cref="DatagramSocketKind.Segmented"/>.</summary>
    internal DatagramSocketKind Kind { get; init; } = DatagramSocketKind.Segmented;

    /// <summary>
    /// Kernel buffers, each way, in bytes. Default 16 MiB: a part of what the kernel counts for a datagram is its own bookkeeping, and the largest window must
    /// fit while a core is busy elsewhere. Without privilege the kernel caps it (net.core.rmem_max, wmem_max).
    /// </summary>
    internal int KernelBufferLength { get; init; } = 16 << 20;

    /// <summary>Other sockets may be bound to the same port; the kernel spreads remotes over them (SO_REUSEPORT). Default: no.</summary>
    internal bool SharesPort { get; init; }
}
