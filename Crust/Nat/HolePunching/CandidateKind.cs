namespace Crust.Nat.HolePunching;

/// <summary>How an address was found at which a peer may be reached (RFC 8445 §5.1.1). The numbers are the wire's.</summary>
internal enum CandidateKind
{
    /// <summary>An address of the host's own.</summary>
    Host = 1,

    /// <summary>A port that a router forwards, proven from outside.</summary>
    Mapped = 2,

    /// <summary>What a STUN server saw.</summary>
    ServerReflexive = 3,

    /// <summary>What a NAT that counts its ports will give to the next destination.</summary>
    Predicted = 4,

    /// <summary>What the remote saw a check come from. Never told in an offer.</summary>
    PeerReflexive = 5,
}
