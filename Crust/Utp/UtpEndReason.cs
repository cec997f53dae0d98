namespace Crust.Utp;

/// <summary>Why a connection is over.</summary>
internal enum UtpEndReason
{
    /// <summary>It is not over.</summary>
    None,

    /// <summary>Both sides finished, and everything was acknowledged.</summary>
    Finished,

    /// <summary>The remote reset it.</summary>
    ResetByRemote,

    /// <summary>This side aborted it.</summary>
    Aborted,

    /// <summary>No answer to the SYN.</summary>
    ConnectTimedOut,

    /// <summary>The remote acknowledges nothing any more.</summary>
    TimedOut,
}
