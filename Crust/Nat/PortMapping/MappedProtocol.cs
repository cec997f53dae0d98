namespace Crust.Nat.PortMapping;

/// <summary>What a mapped port is a port of: IANA's protocol numbers, as PCP and IGD's pinholes carry them.</summary>
internal enum MappedProtocol : byte
{
    /// <summary>TCP, RFC 9293.</summary>
    Tcp = 6,

    /// <summary>UDP, RFC 768: µTP's.</summary>
    Udp = 17,
}
