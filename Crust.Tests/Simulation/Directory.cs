using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Handshakes;

namespace Crust.Tests.Simulation;

/// <summary>What the checkers know and no node does: every session of the world with both its ends, over all restarts.</summary>
internal sealed class Directory(Scenario scenario)
{
    private readonly Dictionary<(SessionId Session, PeerId End), SimulatedSession> _sessions = [];
    private readonly Dictionary<(SessionId Session, PeerId Sender), Direction> _directions = [];
    private readonly Dictionary<PeerId, string> _names = [];
    private readonly List<SimulatedNode> _nodes = [];
    private long _lastId;

    internal Scenario Scenario => scenario;

    /// <summary>When nothing goes wrong any more.</summary>
    internal Instant HealsAt { get; set; }

    /// <summary>From now on nothing goes wrong any more, and applications send no more.</summary>
    internal bool IsHealed { get; set; }

    /// <summary>Lets a node seek sessions with the others: at the beginning, and after each restart.</summary>
    internal Action<SimulatedNode> Converse { get; set; } = _ => { };

    /// <summary>How sessions came to be on circuits, and went from them.</summary>
    internal CircuitMoves Moves { get; } = new();

    internal IEnumerable<SimulatedSession> Sessions => _sessions.Values;

    internal int Delivered => _directions.Values.Sum(d => d.Delivered);

    internal int Statements => _directions.Values.Sum(d => d.Statements);

    internal void Add(SimulatedNode node)
    {
        _names[node.Identity.Id] = node.Name;
        _nodes.Add(node);
    }

    internal string Name(PeerId peer) => _names[peer];

    /// <summary>An id that nothing else in the world has.</summary>
    internal long NextId() => ++_lastId;

    internal Direction Direction(SessionId session, PeerId sender, string name)
    {
        if (!_directions.TryGetValue((session, sender), out var direction))
            _directions[(session, sender)] = direction = new Direction(name);
        return direction;
    }

    /// <summary>An end of a session began: never twice, or its numbers and statements would repeat.</summary>
    internal void Add(SimulatedSession session)
    {
        if (!_sessions.TryAdd((session.Id, session.Node.Identity.Id), session))
            throw new SimulationException($"{session.Node.Name}: session {session.Id.ToString()[..8]} began twice");
    }

    /// <summary>
    /// Whether anything happened that may end a session before its application does: the other end is over (and was judged itself, or its process began anew), a process
    /// began anew that had told its nonce, a partition lasted longer than a session waits. Or the other end never had it, as its handshake crossed the end of the
    /// session before, whose nonce it still named. Nothing else may, whatever happens to links.
    /// </summary>
    internal bool MayEnd(SimulatedSession session) =>
        scenario.MayPartForLong
        || Other(session) is { IsOpen: false }
        || _nodes.Exists(n => (n == session.Node || n.Identity.Id == session.Remote) && n.Restarts > 0)
        || (Other(session) is null && Sessions.Any(s => s != session && s.IsOf(session.Node.Identity.Id, session.Remote) && s.ClosedAt + SimulatedSession.HandshakeTimeout > session.BeganAt));

    internal SimulatedSession? Other(SimulatedSession session) => _sessions.GetValueOrDefault((session.Id, session.Remote));
}
