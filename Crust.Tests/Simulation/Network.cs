using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Circuits;
using Crust.Session.Handshakes;
using Crust.Session.Links;

namespace Crust.Tests.Simulation;

/// <summary>Everything between the nodes: makes links, knows which of them live, and which pairs cannot reach each other.</summary>
internal sealed class Network(World world, Scenario scenario)
{
    private readonly List<SimulatedNode> _nodes = [];
    private readonly List<(SimulatedLink Link, SimulatedNode Dialler, SimulatedNode Acceptor)> _links = [];
    private readonly Dictionary<(SimulatedNode, SimulatedNode), Instant> _partitions = [];
    private readonly List<SimulatedNode> _relays = [];
    private readonly Dictionary<(SessionId Hop, ulong Circuit), RelayedLink> _circuits = [];
    private int _lastNumber;

    internal World World => world;

    internal Recorder Recorder { get; } = new();

    internal IReadOnlyList<SimulatedNode> Nodes => _nodes;

    /// <summary>Nodes that seek nobody, and over which the others may reach each other.</summary>
    internal IReadOnlyList<SimulatedNode> Relays => _relays;

    /// <summary>Where links may be µTP connections: the datagrams between the nodes. Null where there are none.</summary>
    internal UtpNetwork? Utp { get; private set; }

    internal void Add(SimulatedNode node)
    {
        _nodes.Add(node);
        AddHost(node);
    }

    internal void AddRelay(SimulatedNode relay)
    {
        _relays.Add(relay);
        AddHost(relay);
    }

    /// <summary>Whether a session is one with a relay.</summary>
    internal bool IsHop(SimulatedSession session) => _relays.Exists(r => r.Identity.Id == session.Remote || r == session.Node);

    /// <summary>The circuits of a session that began; null for one between nodes that are no relays.</summary>
    internal SimulatedHop? HopOf(SimulatedSession session) => !IsHop(session) ? null
        : new SimulatedHop(session, _relays.Contains(session.Node) ? Relay : Accept);

    private void AddHost(SimulatedNode node)
    {
        if (!scenario.HasDatagrams)
            return;
        Utp ??= new UtpNetwork(world, scenario.IsSlow) { NextNumber = () => ++_lastNumber };
        Utp.Add(node);
    }

    /// <summary>Links that are not over.</summary>
    internal IReadOnlyList<(SimulatedLink Link, SimulatedNode Dialler, SimulatedNode Acceptor)> Living()
    {
        _links.RemoveAll(l => l.Link.IsOver);
        return _links;
    }

    /// <summary>Makes a link after a while; null when the other cannot be reached.</summary>
    internal void Connect(SimulatedNode dialler, PeerId remote, LinkRank rank, Action<SimulatedLink?> done)
    {
        var acceptor = _nodes.Concat(_relays).Single(n => n.Identity.Id == remote);
        if (_relays.Count > 0 && rank == LinkRank.Relayed && !_relays.Contains(acceptor) && !_relays.Contains(dialler))
        {
            Call(dialler, acceptor, done);
            return;
        }

        if (Utp is not null && world.Random.Chance(scenario.UtpShare))
        {
            var dialled = Utp.Dial(Utp.HostOf(dialler), Utp.HostOf(acceptor), rank, isAttack: false, done);
            _links.Add((dialled, dialler, acceptor));
            return;
        }

        var profile = LinkProfile.Draw(world, scenario.IsSlow || (rank == LinkRank.Relayed && world.Random.Chance(0.3)));
        if (IsParted(dialler, acceptor, out _))
        {
            world.After(world.Between(TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(4)), () => done(null));
            return;
        }

        world.After(profile.Delay * 2, () =>
        {
            if (IsParted(dialler, acceptor, out _))
            {
                done(null);
                return;
            }

            var link = new StreamLink(world, profile, rank, ++_lastNumber);
            _links.Add((link, dialler, acceptor));
            acceptor.Open(link, isDialler: false, null, isAttack: false, null);
            done(link);
        });
    }

    /// <summary>Two nodes cannot reach each other until a moment; what their links carry waits.</summary>
    internal void Part(SimulatedNode one, SimulatedNode other, Instant until)
    {
        one.Directory.Endings.Parted(one, other, world.Now, until);
        _partitions[(one, other)] = until;
        _partitions[(other, one)] = until;
        Utp?.Part(one, other, until);
        foreach (var (link, dialler, acceptor) in Living())
        {
            // Whoever is between two hosts need not be between them and a relay.
            if (link is RelayedLink)
                continue;
            if ((dialler, acceptor) == (one, other) || (acceptor, dialler) == (one, other))
                link.Stall(until);
        }
    }

    /// <summary>Plays a recording to whom it was meant for.</summary>
    internal void Replay()
    {
        if (Recorder.Count == 0)
            return;
        var (responder, units) = Recorder.At(world.Random.Next(Recorder.Count));
        var victim = _nodes.Concat(_relays).Single(n => n.Identity.Id == responder);
        if (Utp is not null)
        {
            ReplayOverUtp(responder, units);
            return;
        }

        var link = new StreamLink(world, LinkProfile.Draw(world, isSlow: false), LinkRank.Direct, ++_lastNumber);
        var attacker = new Attacker();
        link.Attach(isDialler: true, attacker);
        victim.Open(link, isDialler: false, null, isAttack: true, null);
        world.Log($"link {link.Number} replays {units.Count} units to {victim.Name}");
        foreach (var unit in units)
            link.Write(isDialler: true, unit);
    }

    private void ReplayOverUtp(PeerId responder, IReadOnlyList<byte[]> units)
    {
        var node = _nodes.Concat(_relays).Single(n => n.Identity.Id == responder);
        world.Log($"somebody replays {units.Count} units to {node.Name} over µTP");
        Utp!.Dial(Utp.AddStranger(), Utp.HostOf(node), LinkRank.Direct, isAttack: true, link =>
        {
            foreach (var unit in units)
                link?.Write(isDialler: true, unit);
            // The node ends it, as nothing of it is confirmed; whoever holds the other end need not hear that.
            if (link is not null)
                world.After(TimeSpan.FromSeconds(60), () => link.Abort(byDialler: true, silently: false));
        });
    }

    /// <summary>Calls over a relay that both have a session with.</summary>
    private void Call(SimulatedNode dialler, SimulatedNode acceptor, Action<SimulatedLink?> done)
    {
        var relays = _relays.Where(r => Hop(dialler, r) is not null && Hop(r, acceptor) is not null).ToArray();
        if (relays.Length == 0)
        {
            // As the product's attachment: it seeks a relay as long as there is none.
            foreach (var relay in _relays)
                dialler.Connect(relay.Identity.Id, world.Now + TimeSpan.FromSeconds(60));
            world.After(world.Between(TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(2)), () => done(null));
            return;
        }

        var through = world.Pick(relays);
        var hop = Hop(dialler, through)!;
        var link = new RelayedLink(world, through, ++_lastNumber);
        var circuit = hop.TryOpen(acceptor.Identity.Id, c => link.AddEnd(isDialler: true, hop, c));
        if (circuit is null)
        {
            world.Soon(() => done(null));
            return;
        }

        _circuits[(hop.Session.Id, circuit.Id)] = link;
        _links.Add((link, dialler, acceptor));
        world.Log($"link {link.Number}: {dialler.Name} calls {acceptor.Name} over {through.Name}");
        done(link);
    }

    private static SimulatedHop? Hop(SimulatedNode node, SimulatedNode other) => node.Peers.Find(other.Identity.Id)?.Hop is { IsUsable: true } hop ? hop : null;

    /// <summary>A relay joins a circuit with one to whom it is for.</summary>
    private void Relay(SimulatedHop hop, Circuit circuit)
    {
        if (!_circuits.Remove((hop.Session.Id, circuit.Id), out var link))
            throw new SimulationException($"{hop.Session.Node.Name}: a circuit was opened by nobody");
        var callee = _nodes.Single(n => n.Identity.Id == circuit.Peer);
        var onward = Hop(hop.Session.Node, callee);
        var first = new RelayHalf(world, hop, circuit);
        RelayHalf? second = null;
        var other = onward?.TryOpen(hop.Session.Remote, c => second = new RelayHalf(world, onward, c));
        if (other is null)
        {
            hop.Close(circuit, CircuitCode.NotAttached, atOnce: true);
            return;
        }

        circuit.User = first;
        (first.Other, second!.Other) = (second, first);
        link.Join(first, second);
        _circuits[(onward!.Session.Id, other.Id)] = link;
    }

    /// <summary>A node answers a circuit.</summary>
    private void Accept(SimulatedHop hop, Circuit circuit)
    {
        if (!_circuits.Remove((hop.Session.Id, circuit.Id), out var link))
            throw new SimulationException($"{hop.Session.Node.Name}: a circuit was opened by nobody");
        circuit.User = link.AddEnd(isDialler: false, hop, circuit);
        hop.Session.Node.Open(link, isDialler: false, null, isAttack: false, null);
    }

    private bool IsParted(SimulatedNode one, SimulatedNode other, out Instant until) => _partitions.TryGetValue((one, other), out until) && until > world.Now;
}
