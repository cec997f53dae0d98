using Crust.Session.Handshakes;

namespace Crust.Session.Admission;

/// <summary>What a proven link means for the session that is open with the same peer.</summary>
internal enum EpochVerdict
{
    /// <summary>Nothing is open, or the same process has it: the nonces decide whether the link joins it or begins another.</summary>
    SameProcess,

    /// <summary>The peer was restarted, or runs twice, and this is the newer process: its session takes the place of the open one, whose peer is told.</summary>
    Newer,

    /// <summary>The peer runs twice, and this is the older process: it is told, and the open session stays.</summary>
    Older,

    /// <summary>This process says that it is the older, but the one with the open session gives no sign of life: the peer was restarted with its clock set back.</summary>
    Returned,
}

/// <summary>
/// One identity running twice: the newest process wins, for as long as it has a session and shows life. Asked only of links whose first record opened, since a
/// message 1 may be a replay. Pure.
/// </summary>
internal static class EpochRule
{
    /// <summary>
    /// Silence after which the process with the open session counts as gone, towards an older one. Ours: a heartbeat of 20 s, which a live one answers, and
    /// 10 s in which it makes another link if it lost its own.
    /// </summary>
    internal static readonly TimeSpan Life = TimeSpan.FromSeconds(30);

    /// <summary>What the loser is told, and what the connection's end says at both sides.</summary>
    internal const string Reason = "A newer process runs under this identity: the peer was restarted, or runs twice.";

    /// <param name="open">The epoch of the process that has the open session; null without one.</param>
    /// <param name="offered">The epoch of the new link's process.</param>
    /// <param name="silence">How long nothing has come from the process that has the open session.</param>
    internal static EpochVerdict Judge(ProcessEpoch? open, ProcessEpoch offered, TimeSpan silence) => open switch
    {
        { } known when offered > known => EpochVerdict.Newer,
        { } known when offered < known => silence < Life ? EpochVerdict.Older : EpochVerdict.Returned,
        _ => EpochVerdict.SameProcess,
    };
}
