namespace Crust.Nat.HolePunching;

/// <summary>How far an attempt is.</summary>
internal enum PunchPhase
{
    /// <summary>Servers are asked where they see us.</summary>
    Gathering,

    /// <summary>Our offer is out.</summary>
    Offered,

    /// <summary>As the answering side: mappings are opened, before the remote is told where it may send.</summary>
    Opening,

    /// <summary>Checks are under way.</summary>
    Checking,

    /// <summary>A pair was chosen by both sides; late checks are still answered.</summary>
    Done,

    /// <summary>It came to nothing.</summary>
    Failed,
}
