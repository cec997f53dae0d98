using System.Net;
using System.Net.Sockets;
using Crust.Primitives;

namespace Crust.Udp;

/// <summary>.NET's socket addresses and ours.</summary>
internal static class SocketAddresses
{
    /// <summary>For a socket of this family; null when that cannot reach the address. Allocates.</summary>
    internal static SocketAddress? From(TransportAddress address, AddressFamily family)
    {
        var endPoint = address.ToIPEndPoint();
        if (family == AddressFamily.InterNetworkV6)
            return new IPEndPoint(endPoint.Address.MapToIPv6(), endPoint.Port).Serialize();
        return address.IsIPv4 ? endPoint.Serialize() : null;
    }

    internal static TransportAddress ToTransportAddress(SocketAddress address) =>
        TransportAddress.From((IPEndPoint)new IPEndPoint(address.Family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0).Create(address));
}
