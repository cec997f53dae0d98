namespace Crust.Identity;

/// <summary>The transport an address is for. The values are on the wire.</summary>
public enum TransportKind
{
    /// <summary>TCP, RFC 9293.</summary>
    Tcp = 1,

    /// <summary>µTP over UDP, BEP 29.</summary>
    Utp = 2,
}
