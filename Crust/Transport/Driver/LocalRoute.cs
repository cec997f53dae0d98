using System.Net;
using System.Net.Sockets;
using Crust.Primitives;

namespace Crust.Transport.Driver;

/// <summary>Which of its addresses this host would use towards a remote. Nothing is sent.</summary>
internal static class LocalRoute
{
    /// <summary>Which address of this host a link leaves from: its own end's or, where that is a socket for all of them, the one towards the other end. Null: it has none, or there is no route.</summary>
    internal static IPAddress? SourceOf(EndPoint? local, EndPoint? remote)
    {
        if (local is not IPEndPoint { Address: var own })
            return null;
        if (!own.Equals(IPAddress.Any) && !own.Equals(IPAddress.IPv6Any))
            return own.IsIPv4MappedToIPv6 ? own.MapToIPv4() : own;
        return remote is IPEndPoint other ? Towards(TransportAddress.From(other), 0)?.ToIPEndPoint().Address : null;
    }

    /// <summary>The address, with the port given; null when there is no route.</summary>
    internal static TransportAddress? Towards(TransportAddress remote, int port)
    {
        var endPoint = remote.ToIPEndPoint();
        try
        {
            using var socket = new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(endPoint);
            return TransportAddress.From(new IPEndPoint(((IPEndPoint)socket.LocalEndPoint!).Address, port));
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
