namespace Crust.Nat.HolePunching;

/// <summary>What part of the world an address means something in.</summary>
internal enum AddressScope
{
    /// <summary>None that may be sent to: multicast, broadcast, link-local, reserved.</summary>
    None,

    Loopback,

    /// <summary>A home's, a company's or a carrier's (RFC 1918, RFC 6598, RFC 4193).</summary>
    Private,

    Public,
}
