namespace Crust.Nat.HolePunching;

/// <summary>What a <see cref="PunchMachine"/> asks for, or tells.</summary>
internal enum PunchEventKind
{
    /// <summary>Send our description to the remote: as the offer, or as the answer to one.</summary>
    Describe,

    /// <summary>Bind so many more sockets, and say so with <see cref="PunchMachine.HandleSockets"/>.</summary>
    OpenSockets,

    /// <summary>A spray towards the remote at this address would help: may it be? Say so with <see cref="PunchMachine.HandleSprayVerdict"/>.</summary>
    SprayWanted,

    /// <summary>Both sides chose a pair. Whoever is to dial does; the other lets come in.</summary>
    Nominated,

    /// <summary>It came to nothing.</summary>
    Failed,
}
