namespace Crust.Nat.HolePunching;

/// <summary>Whether many ports of an address may be probed, or many mappings towards it be opened.</summary>
internal enum SprayVerdict
{
    Granted,

    /// <summary>No gateway attests that the peer is there.</summary>
    NotAttested,

    /// <summary>One spray for each destination, and one at a time.</summary>
    Refused,
}
