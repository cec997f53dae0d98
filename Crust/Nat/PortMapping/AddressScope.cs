namespace Crust.Nat.PortMapping;

/// <summary>What an IP address is good for, as far as its number tells (RFC 6890, RFC 6598, RFC 4193).</summary>
internal enum AddressScope
{
    /// <summary>It may mean the same host everywhere.</summary>
    Public,

    /// <summary>0.0.0.0 or ::, or another address of 0.0.0.0/8: no address at all.</summary>
    Unspecified,

    /// <summary>127.0.0.0/8 or ::1.</summary>
    Loopback,

    /// <summary>RFC 1918 or RFC 4193 (fc00::/7): of one site. As a router's external address: double NAT.</summary>
    Private,

    /// <summary>100.64.0.0/10 (RFC 6598): between an access provider and its customers. As a router's external address: carrier-grade NAT.</summary>
    CarrierNat,

    /// <summary>169.254.0.0/16 or fe80::/10.</summary>
    LinkLocal,

    /// <summary>Multicast, broadcast, or reserved for protocols: nobody's address.</summary>
    Reserved,
}
