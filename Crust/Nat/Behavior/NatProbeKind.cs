namespace Crust.Nat.Behavior;

/// <summary>What a probe asks.</summary>
internal enum NatProbeKind
{
    /// <summary>Where a server sees this socket.</summary>
    Mapping,

    /// <summary>Whether an answer gets in that comes from somewhere else than was asked.</summary>
    Filtering,

    /// <summary>Whether two sockets of this host meet at their external addresses.</summary>
    Hairpin,
}
