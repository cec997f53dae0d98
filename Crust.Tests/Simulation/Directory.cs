using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Handshakes;

namespace Crust.Tests.Simulation;

/// <summary>What the checkers know and no node does: every session of the world with both its ends, over all restarts.</summary>
internal sealed class Directory
{
    private readonly Dictionary<(SessionId Session, PeerId End), SimulatedSession> _sessions = [];
    private readonly Dictionary<(SessionId Session, PeerId Sender), Direction> _directions = [];
    private readonly Dictionary<PeerId, string> _names = [];
    private readonly List<SimulatedNode> _nodes = [];
    private long _lastId;

    internal Directory(Scenario scenario) => (Scenario, Endings) = (scenario, new Endings(this));

    internal Scenario Scenario { get; }

    /// <summary>Why sessions may end.</summary>
    internal Endings Endings { get; }

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

    internal SimulatedNode Node(PeerId peer) => _nodes.Single(n => n.Identity.Id == peer);

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

    internal SimulatedSession? Other(SimulatedSession session) => _sessions.GetValueOrDefault((session.Id, session.Remote));
}
