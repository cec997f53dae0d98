namespace Crust.Session.Circuits;

/// <summary>Why a circuit ended or was refused, as the wire says it. Codes of later versions may follow: a receiver passes on what it does not know.</summary>
internal enum CircuitCode
{
    /// <summary>An end closed it.</summary>
    Normal = 0,

    /// <summary>The peer that was called is not attached to this gateway, or takes no circuits: ask again where it is.</summary>
    NotAttached = 1,

    /// <summary>The caller may not use this gateway: its token is missing, false or old.</summary>
    NotAdmitted = 2,

    /// <summary>Too many circuits, or too little memory for another: the caller's fault or the gateway's. Try later, or elsewhere.</summary>
    Busy = 3,

    /// <summary>The gateway goes away: make the circuit over another.</summary>
    GoingAway = 4,

    /// <summary>The hop on the other side of the gateway was lost.</summary>
    LinkLost = 5,

    /// <summary>The end that is told so broke the rules of the circuit: it sent more than its credit, or gave credit that cannot be.</summary>
    Misused = 6,

    /// <summary>The peer that was called does not want it. It is not told apart from a peer that is busy.</summary>
    Refused = 7,

    /// <summary>A control circuit carried all that it may.</summary>
    Exhausted = 8,
}
