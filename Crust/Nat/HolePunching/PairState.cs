namespace Crust.Nat.HolePunching;

/// <summary>How far a pair is (RFC 8445 §6.1.2.6).</summary>
internal enum PairState
{
    /// <summary>Checks are, or will be, under way.</summary>
    InProgress,

    /// <summary>A check was answered.</summary>
    Succeeded,

    /// <summary>It was chosen, and the remote did not confirm.</summary>
    Failed,
}
