namespace Crust.Udp;

/// <summary>How a socket passes datagrams to the kernel, fastest first. A kernel that lacks one gets the next.</summary>
internal enum DatagramSocketKind
{
    /// <summary>Trains in one call, split and joined by the kernel (Linux UDP_SEGMENT and UDP_GRO).</summary>
    Segmented,

    /// <summary>Many datagrams in one call (Linux sendmmsg, recvmmsg).</summary>
    Batched,

    /// <summary>One datagram a call, many received in one (Linux sendmsg).</summary>
    Single,

    /// <summary>What .NET offers everywhere.</summary>
    Portable,
}
