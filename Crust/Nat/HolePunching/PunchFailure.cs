namespace Crust.Nat.HolePunching;

/// <summary>Why a punch came to nothing. The numbers are the wire's.</summary>
internal enum PunchFailure
{
    /// <summary>It did not.</summary>
    None = 0,

    /// <summary>Neither side has an address that the other may try. Nobody's fault: no server answered, and there is no common network.</summary>
    NoCandidates = 1,

    /// <summary>The remote did not answer the offer: an older version, or it is busy or gone.</summary>
    NoAnswer = 2,

    /// <summary>No check was answered in time: a firewall, or a NAT that behaves otherwise than it seemed.</summary>
    TimedOut = 3,

    /// <summary>Neither NAT can be predicted: physics.</summary>
    HardPair = 4,

    /// <summary>All probes of a spray were sent, and none met: bad luck, or a NAT with fewer ports than it seems.</summary>
    SprayExhausted = 5,

    /// <summary>A spray would be needed, but no gateway attests that the remote is at that address.</summary>
    SprayNotAttested = 6,

    /// <summary>A spray would be needed, and another one is under way, or went to that address a moment ago.</summary>
    SprayRefused = 7,

    /// <summary>The way was open, but the remote never confirmed the choice.</summary>
    NominationFailed = 8,

    /// <summary>The way was open, but the µTP connection or the handshake over it failed.</summary>
    LinkFailed = 9,

    /// <summary>The session ended, the node stops, or another attempt took its place.</summary>
    Cancelled = 10,

    /// <summary>The remote has too much to do.</summary>
    Busy = 11,
}
