namespace Crust.Nat.PortMapping;

/// <summary>What a <see cref="MappingClient"/> is to do.</summary>
internal enum MappingOrderKind
{
    /// <summary>Find out whether the router speaks the protocol.</summary>
    Probe,

    /// <summary>Map a port, or renew its mapping.</summary>
    Map,

    /// <summary>Find out whether a mapping is still there, by a look where the protocol has one, else by asking for it again.</summary>
    Check,

    /// <summary>Delete a mapping.</summary>
    Delete,
}
