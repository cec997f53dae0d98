namespace Crust.Nat.PortMapping;

/// <summary>The protocol that a router was asked in.</summary>
internal enum MappingMethod
{
    /// <summary>Port Control Protocol, RFC 6887.</summary>
    Pcp,

    /// <summary>NAT Port Mapping Protocol, RFC 6886.</summary>
    NatPmp,

    /// <summary>UPnP Internet Gateway Device, version 1 or 2.</summary>
    Igd,
}
