namespace Crust.Nat.Behavior;

/// <summary>What stands between this node and the internet, as last found out by asking gateways (RFC 5780 in spirit).</summary>
/// <param name="Udp">UDP over IPv4: of the port that carries µTP.</param>
/// <param name="Tcp">TCP over IPv4: of the port that listens.</param>
/// <param name="UdpIPv6">UDP over IPv6. <see cref="NatProtocolReport.Unknown"/> where the host has no IPv6 or no gateway does.</param>
/// <param name="TcpIPv6">TCP over IPv6.</param>
public sealed record NatReport(NatProtocolReport Udp, NatProtocolReport Tcp, NatProtocolReport UdpIPv6, NatProtocolReport TcpIPv6)
{
    /// <summary>Nothing is known yet.</summary>
    public static NatReport Unknown { get; } = new(NatProtocolReport.Unknown, NatProtocolReport.Unknown, NatProtocolReport.Unknown, NatProtocolReport.Unknown);
}
