namespace Crust.Dialing;

/// <summary>What came of dialling an address to find out whether a peer is there.</summary>
internal enum ProofOutcome
{
    /// <summary>The peer proved itself by a handshake.</summary>
    Reached,

    /// <summary>Nobody answered in time.</summary>
    NoAnswer,

    /// <summary>The host refused, or a router on the way.</summary>
    Refused,

    /// <summary>Somebody answered and could not prove to be the peer, or would not talk to us.</summary>
    NotThePeer,

    /// <summary>It was not dialled: out of bounds, or there is too much to do.</summary>
    NotDialled,
}
