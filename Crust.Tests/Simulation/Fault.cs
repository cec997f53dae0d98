namespace Crust.Tests.Simulation;

/// <summary>Something that goes wrong.</summary>
internal enum Fault
{
    /// <summary>Nothing wrong, but another link, better or worse.</summary>
    NewLink,

    /// <summary>Both ends make one at the same time.</summary>
    BothDial,

    /// <summary>Both ends of a link learn within a second that it is gone.</summary>
    Reset,

    /// <summary>One end learns it, the other much later or never.</summary>
    HalfOpen,

    /// <summary>Nothing arrives for up to 40 s.</summary>
    Stall,

    /// <summary>Nothing arrives ever again.</summary>
    Swallow,

    /// <summary>Of one end nothing arrives ever again.</summary>
    SwallowOneWay,

    /// <summary>Bytes are changed, left out, exchanged, repeated or put in.</summary>
    Alter,

    /// <summary>The byte stream ends anywhere.</summary>
    Truncate,

    /// <summary>Two nodes do not reach each other for up to a minute.</summary>
    Partition,

    /// <summary>Nor for longer than a session may be suspended.</summary>
    LongPartition,

    /// <summary>A process begins anew.</summary>
    Restart,

    /// <summary>An application closes its session in the middle of everything, and seeks another.</summary>
    Close,

    /// <summary>A relay begins anew; the other carries what it carried.</summary>
    RelayLoss,

    /// <summary>An attacker plays a recording.</summary>
    Replay,
}
