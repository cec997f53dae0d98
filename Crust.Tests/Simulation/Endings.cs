using Crust.Primitives;
using Crust.Session;

namespace Crust.Tests.Simulation;

/// <summary>
/// Why a session may end, and with which code: what its application asked for, or one of few causes that touch the session itself. Nothing else may end one,
/// whatever happens to links.
/// </summary>
internal sealed class Endings(Directory directory)
{
    /// <summary>
    /// For so long, of the 120 s that a session waits for a sign of life, its nodes must have been parted. The rest may pass without: up to 20 s from the last
    /// heartbeat on, 12.5 s until the next try, 10 s for one that hung.
    /// </summary>
    private static readonly TimeSpan Parting = TimeSpan.FromSeconds(75);

    private readonly List<(SimulatedNode One, SimulatedNode Other, Instant From, Instant Until)> _partitions = [];

    /// <summary>Two nodes do not reach each other for a while.</summary>
    internal void Parted(SimulatedNode one, SimulatedNode other, Instant from, Instant until) => _partitions.Add((one, other, from, until));

    /// <summary>Whether a session may end so.</summary>
    internal bool MayEnd(SimulatedSession session, in SessionEvent closed)
    {
        var (code, other) = ((GoodbyeCode)closed.Code, directory.Other(session));
        // What the other end said; it was judged itself.
        if (closed.ByRemote)
            return other?.Closure?.Code == closed.Code && !other.Closure.Value.ByRemote;
        return code switch
        {
            GoodbyeCode.Normal => session.IsClosing,
            GoodbyeCode.IdleTimeout => closed.Reason != ProgressWatch.Reason && (IsOver(session, other) || NeverBegan(session, other) || WereParted(session)),
            GoodbyeCode.PeerRestarted => IsOver(session, other) || NeverBegan(session, other),
            _ => false,
        };
    }

    /// <summary>The other end is over, or its process began anew; or began anew before it had the session.</summary>
    private bool IsOver(SimulatedSession session, SimulatedSession? other) =>
        other is { IsOpen: false } || (other is null && directory.Node(session.Remote).Epoch != session.RemoteEpoch);

    /// <summary>The other end never had it, as its handshake crossed the end of the session before there, whose nonce it still named.</summary>
    private bool NeverBegan(SimulatedSession session, SimulatedSession? other) =>
        other is null
        && directory.Sessions.Any(s => s.Node.Identity.Id == session.Remote && s.Remote == session.Node.Identity.Id
            && s.ClosedAt + SimulatedSession.HandshakeTimeout > session.BeganAt && s.ClosedAt < session.BeganAt + SimulatedSession.HandshakeTimeout);

    /// <summary>Its nodes were parted for most of the time that it waited.</summary>
    private bool WereParted(SimulatedSession session)
    {
        var (now, remote) = (session.World.Now, directory.Node(session.Remote));
        var since = now - session.Node.Limits.IdleTimeout;
        var (parted, through) = (TimeSpan.Zero, since);
        foreach (var (one, other, from, until) in _partitions)
        {
            if (!((one, other) == (session.Node, remote) || (other, one) == (session.Node, remote)) || until <= through)
                continue;
            var begins = from > through ? from : through;
            through = until < now ? until : now;
            parted += through - begins;
        }

        return parted >= Parting;
    }
}
