namespace Crust.Nat.PortMapping.NatPmp;

/// <summary>Result codes of NAT-PMP, RFC 6886 §3.5.</summary>
internal enum NatPmpResult : ushort
{
    Success = 0,
    UnsupportedVersion = 1,

    /// <summary>Or refused: the box supports mapping, and its owner has switched it off.</summary>
    NotAuthorized = 2,

    /// <summary>The router itself has no address from its provider.</summary>
    NetworkFailure = 3,
    OutOfResources = 4,
    UnsupportedOpcode = 5,
}
