using System.Net;
using System.Net.Sockets;

namespace Crust.Dialing;

/// <summary>
/// Which addresses a stranger may make us dial. Records come from hostile peers: a dial must never become a probe of our own host or a
/// packet to everybody. Pure.
/// </summary>
internal static class AddressPolicy
{
    /// <summary>True for a unicast address that may be dialled; loopback only where we are on loopback ourselves.</summary>
    internal static bool MayDial(IPAddress address, bool loopbackAllowed)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address))
            return loopbackAllowed;
        // Link-local addresses mean nothing without the link, and 169.254.169.254 is the metadata service of most clouds.
        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || address.IsIPv6Multicast || address.IsIPv6LinkLocal)
            return false;
        if (address.AddressFamily != AddressFamily.InterNetwork)
            return true;
        Span<byte> bytes = stackalloc byte[4];
        return address.TryWriteBytes(bytes, out _)
            && !(bytes[0] == 169 && bytes[1] == 254)
            && bytes[0] is not 0 and < 224; // 0/8 "this network", 224/4 multicast, 240/4 reserved with the broadcast address (RFC 6890)
    }
}
