namespace Crust.Session.Circuits;

/// <summary>What a <see cref="CircuitEvent"/> tells.</summary>
internal enum CircuitEventKind
{
    /// <summary>Nothing: the frame was of a circuit that is over.</summary>
    None,

    /// <summary>The remote opened a circuit: give it a user, or close it.</summary>
    Opened,

    /// <summary>Bytes arrived.</summary>
    Received,

    /// <summary>The remote gave credit.</summary>
    Progress,

    /// <summary>The remote closed the circuit, or misused it and was told so.</summary>
    Ended,
}
