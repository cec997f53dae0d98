using System.Net;
using Crust.Nat.Stun;

namespace Crust.GatewayProtocol;

/// <summary>A gateway's STUN server in the gateway protocol. Pure.</summary>
internal static class StunServers
{
    /// <summary>Reads one; null when its ports or its address are none.</summary>
    internal static StunServerInfo? From(StunServer message)
    {
        if (message.UdpPort > IPEndPoint.MaxPort || message.OtherUdpPort > IPEndPoint.MaxPort || message.TcpPort > IPEndPoint.MaxPort
            || message.OtherTcpPort > IPEndPoint.MaxPort)
            return null;
        IPAddress? alternate = null;
        if (message.Alternate.Length > 0 && !IPAddress.TryParse(message.Alternate, out alternate))
            return null;
        return new StunServerInfo((ushort)message.UdpPort, (ushort)message.OtherUdpPort, (ushort)message.TcpPort, (ushort)message.OtherTcpPort, alternate);
    }

    internal static StunServer ToMessage(StunServerInfo info) => new()
    {
        UdpPort = info.UdpPort,
        OtherUdpPort = info.OtherUdpPort,
        TcpPort = info.TcpPort,
        OtherTcpPort = info.OtherTcpPort,
        Alternate = info.Alternate?.ToString() ?? "",
    };
}
