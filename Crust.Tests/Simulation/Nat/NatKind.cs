namespace Crust.Tests.Simulation.Nat;

/// <summary>What stands between a host and the internet (RFC 4787), by the names of the matrix.</summary>
internal enum NatKind
{
    /// <summary>Nothing: a public address.</summary>
    None,

    /// <summary>A public address behind a stateful firewall.</summary>
    Firewall,

    /// <summary>Endpoint-independent mapping and filtering.</summary>
    FullCone,

    /// <summary>Endpoint-independent mapping, address-dependent filtering.</summary>
    AddressRestricted,

    /// <summary>Endpoint-independent mapping, address- and port-dependent filtering.</summary>
    PortRestricted,

    /// <summary>
    /// Linux' masquerade: each destination has a mapping of its own, with the internal port where that is free for this destination, else with a random one.
    /// What comes unasked is, without a rule that drops it, a connection with the router itself, and takes that port.
    /// </summary>
    Linux,

    /// <summary>Another port for each destination, one after the other.</summary>
    SymmetricSequential,

    /// <summary>Another port for each destination, at random.</summary>
    Symmetric,
}
