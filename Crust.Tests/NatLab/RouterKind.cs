namespace Crust.Tests.NatLab;

/// <summary>What stands between a host and the internet, by the words of RFC 4787 (UDP) and RFC 5382 (TCP). Every kind treats both protocols alike.</summary>
public enum RouterKind
{
    /// <summary>A plain router: the host has a public address and whoever wants may send to it.</summary>
    None,

    /// <summary>The host has a public address; the router lets in what answers the host (stateful, by address and port).</summary>
    Firewall,

    /// <summary>Endpoint-independent mapping to another port, endpoint-independent filtering.</summary>
    FullCone,

    /// <summary>Endpoint-independent mapping to another port, address-dependent filtering.</summary>
    AddressRestricted,

    /// <summary>Endpoint-independent mapping to another port, address-and-port-dependent filtering.</summary>
    PortRestricted,

    /// <summary>
    /// What Linux does by <c>masquerade</c> alone: the port is kept while no other host has it for the same remote end, filtering is address-and-port-dependent;
    /// what comes unasked is dropped.
    /// </summary>
    Linux,

    /// <summary>Address-and-port-dependent mapping; ports come from one counter of both protocols, one by one. Filtering is address-and-port-dependent.</summary>
    SymmetricSequential,

    /// <summary>Address-and-port-dependent mapping to random ports. Filtering is address-and-port-dependent.</summary>
    Symmetric,
}
