namespace Crust.Nat.PortMapping;

/// <summary>What came of a <see cref="MappingOrder"/>, or what a router let us know besides.</summary>
internal enum MappingAnswerKind
{
    /// <summary>Probe: the router speaks the protocol.</summary>
    Found,

    /// <summary>Probe: it does not, or nobody answers.</summary>
    Absent,

    /// <summary>Map, Check: the mapping is there.</summary>
    Mapped,

    /// <summary>Check: it is not.</summary>
    Gone,

    /// <summary>Map, Check: the router says no.</summary>
    Refused,

    /// <summary>Map, Check: the router no longer answers.</summary>
    Silent,

    /// <summary>Delete: done, as far as it can be told.</summary>
    Deleted,

    /// <summary>Of no order: the router began anew and has forgotten every mapping.</summary>
    Restarted,
}
