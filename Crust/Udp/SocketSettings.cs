using System.Net.Sockets;

namespace Crust.Udp;

/// <summary>Settings that every kind of socket wants.</summary>
internal static class SocketSettings
{
    /// <summary>Windows' SIO_UDP_CONNRESET: unless it is off, an ICMP error of one remote fails the next receive from all.</summary>
    private const int UdpConnectionReset = unchecked((int)0x9800000C);

    internal static void Apply(Socket socket, DatagramSocketOptions options)
    {
        if (OperatingSystem.IsWindows())
            socket.IOControl(UdpConnectionReset, new byte[sizeof(int)], null);
        Try(() => socket.ReceiveBufferSize = options.KernelBufferLength);
        Try(() => socket.SendBufferSize = options.KernelBufferLength);
        if (OperatingSystem.IsLinux())
            Linux.LinuxSettings.Apply(socket, options);
    }

    /// <summary>What packets are given that are to arrive (RFC 1700).</summary>
    internal const int UsualHops = 64;

    /// <summary>How many routers packets may pass from now on; false when the host refuses that. A dual-stack socket has one setting for each family.</summary>
    internal static bool TrySetHops(Socket socket, int hops)
    {
        var isDone = Try(() => socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.IpTimeToLive, hops));
        return socket.AddressFamily == AddressFamily.InterNetworkV6
            ? Try(() => socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.IpTimeToLive, hops)) && isDone
            : isDone;
    }

    /// <summary>A host that refuses a setting works without it, only less well.</summary>
    internal static bool Try(Action setting)
    {
        try
        {
            setting();
            return true;
        }
        catch (Exception e) when (e is SocketException or NotSupportedException)
        {
            return false;
        }
    }
}
