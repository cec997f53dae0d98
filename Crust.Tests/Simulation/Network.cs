using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Links;

namespace Crust.Tests.Simulation;

/// <summary>Everything between the nodes: makes links, knows which of them live, and which pairs cannot reach each other.</summary>
internal sealed class Network(World world, Scenario scenario)
{
    private readonly List<SimulatedNode> _nodes = [];
    private readonly List<(SimulatedLink Link, SimulatedNode Dialler, SimulatedNode Acceptor)> _links = [];
    private readonly Dictionary<(SimulatedNode, SimulatedNode), Instant> _partitions = [];
    private int _lastNumber;

    internal World World => world;

    internal Recorder Recorder { get; } = new();

    internal IReadOnlyList<SimulatedNode> Nodes => _nodes;

    /// <summary>Where links may be µTP connections: the datagrams between the nodes. Null where there are none.</summary>
    internal UtpNetwork? Utp { get; private set; }

    internal void Add(SimulatedNode node)
    {
        _nodes.Add(node);
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
        var acceptor = _nodes.Single(n => n.Identity.Id == remote);
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
        _partitions[(one, other)] = until;
        _partitions[(other, one)] = until;
        Utp?.Part(one, other, until);
        foreach (var (link, dialler, acceptor) in Living())
        {
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
        if (Utp is not null)
        {
            ReplayOverUtp(responder, units);
            return;
        }

        var link = new StreamLink(world, LinkProfile.Draw(world, isSlow: false), LinkRank.Direct, ++_lastNumber);
        var attacker = new Attacker();
        link.Attach(isDialler: true, attacker);
        _nodes.Single(n => n.Identity.Id == responder).Open(link, isDialler: false, null, isAttack: true, null);
        world.Log($"link {link.Number} replays {units.Count} units to {_nodes.Single(n => n.Identity.Id == responder).Name}");
        foreach (var unit in units)
            link.Write(isDialler: true, unit);
    }

    private void ReplayOverUtp(PeerId responder, IReadOnlyList<byte[]> units)
    {
        var node = _nodes.Single(n => n.Identity.Id == responder);
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

    private bool IsParted(SimulatedNode one, SimulatedNode other, out Instant until) => _partitions.TryGetValue((one, other), out until) && until > world.Now;
}
