namespace Crust.Tests.NatLab;

/// <summary>What a site has.</summary>
internal sealed record SiteOptions(RouterKind Kind)
{
    /// <summary>What its router does not let out.</summary>
    public Restriction Restriction { get; init; }

    /// <summary>Whether hosts reach one another by external end points. Off by default.</summary>
    public bool Hairpin { get; init; }

    /// <summary>Whether the router answers TCP that comes unasked with a reset, as some do (RFC 5382 REQ-4 forbids it to NATs); else with silence. Off by default.</summary>
    public bool Resets { get; init; }

    /// <summary>How many hosts, in one network. 1 by default.</summary>
    public int Hosts { get; init; } = 1;

    /// <summary>Whether hosts have IPv4.</summary>
    public bool Ipv4 { get; init; } = true;

    /// <summary>Whether hosts have IPv6, behind a stateful firewall unless the kind is <see cref="RouterKind.None"/>. Off by default.</summary>
    public bool Ipv6 { get; init; }

    /// <summary>Whether the router offers port mapping (UPnP-IGD, NAT-PMP, PCP) by miniupnpd. Off by default.</summary>
    public bool PortMapping { get; init; }
}
