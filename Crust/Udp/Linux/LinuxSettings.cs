using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Crust.Udp.Linux;

/// <summary>Socket options of Linux that .NET does not name: ip(7), ipv6(7), udp(7), socket(7).</summary>
internal static class LinuxSettings
{
    internal const int IpLevel = 0;
    internal const int IpReceiveErrors = 11;
    internal const int Ipv6Level = 41;
    internal const int Ipv6ReceiveErrors = 25;
    internal const int UdpLevel = 17;
    internal const int UdpSegment = 103;
    internal const int UdpGro = 104;

    private const int SocketLevel = 1;
    private const int ReusePort = 15;
    private const int SendBufferForce = 32;
    private const int ReceiveBufferForce = 33;
    private const int IpMtuDiscover = 10;
    private const int Ipv6MtuDiscover = 23;

    /// <summary>IP_PMTUDISC_PROBE: do not fragment, and do not believe ICMP about the path MTU either.</summary>
    private const int Probe = 3;

    /// <summary>IP_PMTUDISC_DONT.</summary>
    private const int Fragment = 0;

    internal static void Apply(Socket socket, DatagramSocketOptions options)
    {
        // Beyond net.core.rmem_max with CAP_NET_ADMIN only; without it the ordinary option has done what it can.
        _ = TrySet(socket, SocketLevel, ReceiveBufferForce, options.KernelBufferLength);
        _ = TrySet(socket, SocketLevel, SendBufferForce, options.KernelBufferLength);
        ForbidFragments(socket, false);
    }

    /// <summary>Whether datagrams from now on may be fragmented by nobody, or by whoever must.</summary>
    internal static void ForbidFragments(Socket socket, bool forbids)
    {
        // A dual-stack socket has both: IPv4 datagrams heed the settings of IPv4.
        _ = TrySet(socket, IpLevel, IpMtuDiscover, forbids ? Probe : Fragment);
        if (socket.AddressFamily == AddressFamily.InterNetworkV6)
            _ = TrySet(socket, Ipv6Level, Ipv6MtuDiscover, forbids ? Probe : Fragment);
    }

    /// <summary>Errors that ICMP tells are queued with the address they concern.</summary>
    internal static void ReceiveErrors(Socket socket)
    {
        _ = TrySet(socket, IpLevel, IpReceiveErrors, 1);
        if (socket.AddressFamily == AddressFamily.InterNetworkV6)
            _ = TrySet(socket, Ipv6Level, Ipv6ReceiveErrors, 1);
    }

    internal static void SharePort(Socket socket) => Set(socket, SocketLevel, ReusePort, 1);

    /// <summary>Whether the kernel splits trains; asking changes nothing.</summary>
    internal static bool TakesSegments(Socket socket) => TrySet(socket, UdpLevel, UdpSegment, 0);

    /// <summary>Lets the kernel join datagrams of a remote; false when it cannot.</summary>
    internal static bool JoinSegments(Socket socket) => TrySet(socket, UdpLevel, UdpGro, 1);

    private static bool TrySet(Socket socket, int level, int name, int value) => SocketSettings.Try(() => Set(socket, level, name, value));

    private static void Set(Socket socket, int level, int name, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        MemoryMarshal.Write(bytes, value);
        socket.SetRawSocketOption(level, name, bytes);
    }
}
