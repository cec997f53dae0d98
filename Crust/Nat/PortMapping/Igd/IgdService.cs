namespace Crust.Nat.PortMapping.Igd;

/// <summary>A service of a gateway device that is of use here.</summary>
/// <param name="Type">Its whole type, which actions name.</param>
/// <param name="Control">Where its actions are posted.</param>
internal sealed record IgdService(string Type, IgdUrl Control)
{
    internal const string IpConnection2 = "urn:schemas-upnp-org:service:WANIPConnection:2";
    internal const string IpConnection1 = "urn:schemas-upnp-org:service:WANIPConnection:1";
    internal const string PppConnection1 = "urn:schemas-upnp-org:service:WANPPPConnection:1";
    internal const string Firewall = "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1";

    /// <summary>The connections, the best first.</summary>
    internal static readonly string[] Connections = [IpConnection2, IpConnection1, PppConnection1];

    /// <summary>True when it knows AddAnyPortMapping: WANIPConnection:2 §2.5.21.</summary>
    internal bool AddsAny => Type == IpConnection2;
}
