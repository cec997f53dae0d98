using System.Buffers.Binary;
using Crust.Primitives;
using Crust.Session.Links;
using Crust.Tests.Simulation.Datagrams;
using Crust.Utp;

namespace Crust.Tests.Simulation;

/// <summary>The datagram network between the nodes: a host with the product's µTP for each of them, the ways between, and which datagram belongs to which link.</summary>
internal sealed class UtpNetwork
{
    /// <summary>As the product's: a dial that is not open by then is given up.</summary>
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(10);

    private const int HeaderLength = 20;

    private readonly World _world;
    private readonly bool _isSlow;
    private readonly List<(SimulatedNode Node, UtpHost Host)> _hosts = [];
    private readonly Dictionary<(TransportAddress From, TransportAddress To, ushort Id), (UtpLink Link, bool FromDialler)> _links = [];
    private readonly Dictionary<(UtpHost From, UtpHost To), DatagramWay> _ways = [];

    internal UtpNetwork(World world, bool isSlow)
    {
        (_world, _isSlow) = (world, isSlow);
        Datagrams = new DatagramNetwork(world) { PassedUnnoticed = () => MayInject = true };
    }

    internal DatagramNetwork Datagrams { get; }

    internal IReadOnlyList<(SimulatedNode Node, UtpHost Host)> Hosts => _hosts;

    internal IEnumerable<DatagramWay> Ways => _ways.Values;

    /// <summary>True once somebody off the path may have guessed so well that his bytes were taken, or bits were flipped and the checksum is as before.</summary>
    internal bool MayInject { get; set; }

    /// <summary>Links are numbered as they come.</summary>
    internal required Func<int> NextNumber { get; init; }

    internal void Add(SimulatedNode node)
    {
        var host = NewHost();
        foreach (var (_, other) in _hosts)
            Join(host, other);
        _hosts.Add((node, host));
        host.Accept = (connection, id) => Accept(node, host, connection, id);
    }

    internal UtpHost HostOf(SimulatedNode node) => _hosts.Single(h => h.Node == node).Host;

    /// <summary>Dials over µTP.</summary>
    internal UtpLink Dial(UtpHost from, UtpHost to, LinkRank rank, bool isAttack, Action<UtpLink?> done)
    {
        var link = new UtpLink(_world, this, rank, NextNumber()) { IsAttack = isAttack };
        var id = DrawId(from.Address, to.Address);
        _links[(from.Address, to.Address, id)] = (link, true);
        _links[(from.Address, to.Address, unchecked((ushort)(id + 1)))] = (link, true);
        _links[(to.Address, from.Address, id)] = (link, false);
        link.Dial(from, to.Address, id, isOpen => done(isOpen ? link : null));
        _world.After(DialTimeout, link.GiveUp);
        return link;
    }

    /// <summary>A host of nobody's, from which every node can be reached.</summary>
    internal UtpHost AddStranger()
    {
        var host = NewHost();
        foreach (var (_, other) in _hosts)
            Join(host, other);
        return host;
    }

    /// <summary>Nothing passes between two nodes until then.</summary>
    internal void Part(SimulatedNode one, SimulatedNode other, Instant until)
    {
        _ways[(HostOf(one), HostOf(other))].Cut(until);
        _ways[(HostOf(other), HostOf(one))].Cut(until);
    }

    /// <summary>A node's address changes; its connections do not know. What it dials goes on from the new one: a SYN that is sent again comes from there.</summary>
    internal void Move(UtpHost host)
    {
        var before = host.Address;
        host.Move(Datagrams.NextAddress());
        foreach (var ((from, to, id), found) in _links.Where(l => l.Key.From == before || l.Key.To == before).ToArray())
            _links[(from == before ? host.Address : from, to == before ? host.Address : to, id)] = found;
        foreach (var ((from, to), way) in _ways)
        {
            if (from == host || to == host)
                Datagrams.Route(from.Address, to.Address, way);
        }
    }

    /// <summary>One that no link between the two has: what comes is told apart by it.</summary>
    private ushort DrawId(TransportAddress from, TransportAddress to)
    {
        while (true)
        {
            var id = (ushort)_world.Random.Next(1 << 16);
            if (!_links.ContainsKey((from, to, id)) && !_links.ContainsKey((from, to, unchecked((ushort)(id + 1)))) && !_links.ContainsKey((to, from, id)))
                return id;
        }
    }

    private UtpHost NewHost() => new(
        Datagrams,
        Datagrams.NextAddress(),
        new UtpOptions { JumboDatagramLength = UtpOptions.JumboFrameLength },
        new HostClock(_world, TimeSpan.FromSeconds(_world.Random.Next(1, 1 << 20)), _world.Random.Next(-100, 100)));

    private void Join(UtpHost one, UtpHost other)
    {
        foreach (var (from, to) in new[] { (one, other), (other, one) })
        {
            var way = _ways[(from, to)] = Datagrams.NewWay(Weather.Draw(_world, _isSlow));
            way.OnPath = Pass;
            Datagrams.Route(from.Address, to.Address, way);
        }
    }

    private bool Pass(Datagram datagram)
    {
        if (datagram.Length < HeaderLength)
            return true;
        var id = BinaryPrimitives.ReadUInt16BigEndian(datagram.Bytes[2..]);
        return !_links.TryGetValue((datagram.From, datagram.To, id), out var found) || found.Link.Pass(found.FromDialler, datagram);
    }

    private UtpLinkEnd Accept(SimulatedNode node, UtpHost host, UtpConnection connection, ushort id)
    {
        var link = _links.TryGetValue((connection.Remote, host.Address, id), out var found) && found.FromDialler ? found.Link : null;
        // Nobody dialled this: an attacker guessed well. The handshake must not succeed. What was accepted and lost before may be accepted again, as nothing is kept of it.
        var isAttack = link is null || link.IsAttack;
        link ??= new UtpLink(_world, this, LinkRank.Direct, NextNumber());
        _world.Log($"{node.Name} accepts µTP link {link.Number}{(isAttack ? " of an attacker" : "")}");
        var end = link.Accept(host, connection);
        node.Open(link, isDialler: false, null, isAttack, null);
        return end;
    }
}
