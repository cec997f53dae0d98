using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Crust.Tcp;

/// <summary>
/// A SYN that opens our own NAT and dies before the remote's: one that arrived there too early might be answered by a reset, which ends the dial. What the router says that dropped it
/// (ICMP Time Exceeded) would end the dial as well (RFC 1122 §4.2.3.9 lets it pass, Linux does not); but Linux ignores errors about packets with fewer hops left than the socket takes from others
/// (RFC 5082, ip(7) IP_MINTTL). The kernel repeats the SYN after 1 s, and that one goes all the way. Linux only.
/// </summary>
internal static class OpeningSyn
{
    /// <summary>As of opening datagrams: behind our NAT, before theirs.</summary>
    private const int Hops = 2;

    private const int UsualHops = 64, IPLevel = 0, IPv6Level = 41, MinimalHops = 21, MinimalHopsIPv6 = 73;

    /// <summary>The next SYN goes no further. Where that cannot be had, it goes all the way.</summary>
    internal static void Prepare(Socket socket)
    {
        try
        {
            Span<byte> least = stackalloc byte[sizeof(int)];
            MemoryMarshal.Write(least, Hops + 1);
            var isIPv6 = socket.AddressFamily == AddressFamily.InterNetworkV6;
            socket.SetRawSocketOption(isIPv6 ? IPv6Level : IPLevel, isIPv6 ? MinimalHopsIPv6 : MinimalHops, least);
            socket.Ttl = Hops;
        }
        catch (SocketException)
        {
            // Then it is a dial as any other.
        }
    }

    /// <summary>What goes from now on goes all the way.</summary>
    internal static void Release(Socket socket)
    {
        try
        {
            socket.Ttl = UsualHops;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The dial is over.
        }
    }
}
