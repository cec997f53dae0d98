using System.Globalization;
using Crust.Nat.Behavior;

namespace Crust.Gateway.Commands;

/// <summary>What <c>crust doctor</c> says, in words that ask for no knowledge of NATs. Pure.</summary>
internal static class DoctorText
{
    /// <summary>One protocol over one address family: what was found, and what it means for being reached.</summary>
    internal static string Describe(string protocol, string family, NatProtocolReport report) =>
        $"{protocol} over {family}: {Finding(report)}\n  {Meaning(report)}";

    /// <summary>What was found.</summary>
    internal static string Finding(NatProtocolReport report)
    {
        switch (report.Mapping)
        {
            case MappingBehavior.Blocked:
                return "nothing comes back. A firewall drops it, here or on the way.";
            case MappingBehavior.Unknown when report.External.Count == 0:
                return "not looked at: no gateway offers it, or this host has no such address.";
            default:
                break;
        }

        var seen = $"seen from outside as {string.Join(", ", report.External)}";
        var parts = new List<string> { seen };
        parts.Add(report.Mapping switch
        {
            MappingBehavior.None => "no address translation",
            MappingBehavior.EndpointIndependent => "the same address towards everybody (endpoint-independent mapping)",
            MappingBehavior.AddressDependent => "another address towards every host (address-dependent mapping)",
            MappingBehavior.AddressAndPortDependent => "another address towards every host and port (address-and-port-dependent mapping, a symmetric NAT)",
            _ => "one gateway port answered, too few to tell how addresses are translated",
        });
        parts.Add(report.Filtering switch
        {
            FilteringBehavior.None => "strangers' packets come in",
            FilteringBehavior.EndpointIndependent => "everybody's packets come in once the port was used (endpoint-independent filtering)",
            FilteringBehavior.AddressDependent => "only hosts that were sent to may send in (address-dependent filtering)",
            FilteringBehavior.AddressAndPortDependent => "only hosts and ports that were sent to may send in (address-and-port-dependent filtering)",
            _ => "who may send in could not be told, for want of a gateway with a second port or address",
        });
        if (report.Mapping != MappingBehavior.None)
        {
            parts.Add(report.Ports switch
            {
                PortAllocation.Preserved => "ports are kept",
                PortAllocation.Sequential => string.Create(CultureInfo.InvariantCulture, $"ports are counted in steps of {report.PortDelta}"),
                PortAllocation.Random => "ports are drawn at random",
                _ => "how ports are chosen could not be told",
            });
        }

        if (report.Hairpin is { } hairpin)
            parts.Add(hairpin ? "hosts behind it meet at their outer addresses (hairpin)" : "hosts behind it cannot meet at their outer addresses (no hairpin)");
        return string.Join("; ", parts) + ".";
    }

    /// <summary>What it means for being reached.</summary>
    internal static string Meaning(NatProtocolReport report) => (report.Mapping, report.Filtering) switch
    {
        (MappingBehavior.Blocked, _) => "Peers cannot be reached this way; other ways are tried, and a gateway's relay is left.",
        (MappingBehavior.None, FilteringBehavior.None) => "Anybody reaches this host directly; two such peers connect without help.",
        (MappingBehavior.None, FilteringBehavior.Unknown) => "Anybody reaches this host directly, unless a firewall is in between.",
        (MappingBehavior.None, _) => "A firewall lets in what was asked for: two peers behind such firewalls connect directly by hole punching.",
        (MappingBehavior.EndpointIndependent, FilteringBehavior.EndpointIndependent) =>
            "Anybody reaches this host at its outer address while it is in use; two peers behind such routers connect directly.",
        (MappingBehavior.EndpointIndependent, _) => "Two peers behind such routers connect directly by hole punching.",
        (MappingBehavior.AddressDependent or MappingBehavior.AddressAndPortDependent, _) when report.Ports == PortAllocation.Sequential =>
            "Two peers behind such routers connect directly by predicting each other's ports.",
        (MappingBehavior.AddressDependent or MappingBehavior.AddressAndPortDependent, _) =>
            "Peers behind other routers connect directly by hole punching, some after trying many ports; two peers behind such routers talk over a gateway's relay.",
        _ when report.External.Count > 0 => "Hole punching is tried; a gateway's relay is left.",
        _ => "Peers are not reached this way.",
    };
}
