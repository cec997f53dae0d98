using System.Net;
using System.Net.Sockets;
using Crust.Primitives;

namespace Crust.Nat.Behavior.Driver;

/// <summary>Which of its addresses this host would use towards a remote. Nothing is sent.</summary>
internal static class LocalRoute
{
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
