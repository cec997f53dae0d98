using Crust.Primitives;

namespace Crust.Tests.Simulation;

/// <summary>
/// One story: nodes talk while things go wrong; then the network heals, everything must arrive within <see cref="Healing"/>, all sessions close, and nothing
/// may be left.
/// </summary>
internal sealed class Simulation
{
    /// <summary>
    /// What healing may take: links that died in silence are found out by an idle timeout at the latest (120 s), redialling pauses up to 10 s, a slow link
    /// then has to carry what waited.
    /// </summary>
    internal static readonly TimeSpan Healing = TimeSpan.FromSeconds(240);

    private readonly World _world;
    private readonly Scenario _scenario;
    private readonly Directory _directory;
    private readonly Network _network;
    private readonly Faults _faults;
    private readonly DatagramFaults? _datagramFaults;

    internal Simulation(ulong seed, bool isTraced = false)
    {
        _world = new World(seed, isTraced);
        _scenario = Scenario.Draw(_world);
        _directory = new Directory(_scenario);
        _network = new Network(_world, _scenario);
        for (var i = 0; i < _scenario.Nodes; i++)
            _network.Add(new SimulatedNode(_scenario, _network, _directory, ((char)('A' + i)).ToString()));
        for (var i = 0; i < _scenario.Relays; i++)
            _network.AddRelay(new SimulatedNode(_scenario, _network, _directory, ((char)('R' + i)).ToString()));
        _faults = new Faults(_world, _network, _scenario, _directory);
        if (_network.Utp is { } utp)
            _datagramFaults = new DatagramFaults(_world, utp, _scenario, _directory);
        _directory.Converse = Converse;
    }

    internal World World => _world;

    internal Scenario Scenario => _scenario;

    internal CircuitMoves Moves => _directory.Moves;

    /// <summary>Tells the story. Throws when a promise does not hold.</summary>
    internal Story Run()
    {
        foreach (var node in _network.Nodes)
            Converse(node);
        var end = _directory.HealsAt = _world.Now + _scenario.Duration;
        _faults.Start();
        _datagramFaults?.Start();
        _world.Run(end);
        _world.Log($"the network heals");
        _directory.IsHealed = true;
        foreach (var way in _network.Utp?.Ways ?? [])
            way.Heal();
        var settled = Settle(end);
        RequireAgreement();
        Close();
        RequireNothingLeft();
        return new Story(
            _world.Fingerprint,
            _world.Happened,
            _directory.Sessions.Count(),
            _directory.Delivered,
            _directory.Statements,
            _directory.Sessions.Sum(s => s.Application.Exported),
            _faults.Count + (_datagramFaults?.Count ?? 0),
            settled);
    }

    /// <summary>Waits until everything has arrived, but no longer than <see cref="Healing"/>; returns how long it took, by the second.</summary>
    private TimeSpan Settle(Instant healed)
    {
        var step = TimeSpan.FromSeconds(1);
        var time = step;
        while (time < Healing)
        {
            _world.Run(healed + time);
            if (Unsettled() is null)
                break;
            time += step;
        }

        if (Unsettled() is { } why)
            throw new SimulationException($"{Healing.TotalSeconds} s after the network healed, {why}");
        return time;
    }

    private string? Unsettled()
    {
        foreach (var session in _directory.Sessions)
        {
            if (!session.IsOpen)
                continue;
            var name = $"{session.Node.Name}'s session {session.Id.ToString()[..8]}";
            if (_directory.Other(session) is not { IsOpen: true } other)
                return $"{name} is open, but not at the other end";
            if (session.Machine.ActiveLink is null)
                return $"{name} is suspended";
            if ((session.Machine.ActiveLink.Tag as NodeLink)?.Link != (other.Machine.ActiveLink?.Tag as NodeLink)?.Link)
                return $"{name} uses another link than the other end";
            if (session.Outward.Open > 0)
                return $"{name} waits for {session.Outward.Open} outcomes";
            var (here, there) = (session.Machine.Statistics, other.Machine.Statistics);
            if (here.QueuedMessages > 0 || here.UnacknowledgedMessages > 0 || here.MessagesSent != there.MessagesReceived)
                return $"{name} has {here.QueuedMessages} entries queued, {here.UnacknowledgedMessages} not acknowledged, and of {here.MessagesSent} messages {there.MessagesReceived} arrived";
            if (here.Streams > 0)
                return $"{name} has {here.Streams} streams that are not over";
            if (session.Application.HeldCost > 0)
                return $"{name}'s application holds {session.Application.HeldCost}";
        }

        return null;
    }

    /// <summary>At rest both ends agree, and nothing is held for nobody.</summary>
    private void RequireAgreement()
    {
        foreach (var session in _directory.Sessions.Where(s => s.IsOpen))
        {
            session.Outward.RequireDelivered();
            if (session.Machine.HeldBytes > 0)
                throw new SimulationException($"{session.Node.Name}: {session.Machine.HeldBytes} bytes are held although nothing is under way");
        }
    }

    private void Close()
    {
        foreach (var session in _directory.Sessions.Where(s => s.IsOpen).ToArray())
        {
            // One end, the other, or both at once.
            if (!_network.IsHop(session) && _world.Random.Chance(0.6) && session.IsOpen)
                session.Close();
        }

        // A handshake that was under way may begin one more.
        for (var round = 0; round < 3; round++)
        {
            _world.Run(_world.Now + TimeSpan.FromSeconds(10));
            foreach (var session in _directory.Sessions.Where(s => s.IsOpen).ToArray())
                session.Close();
        }

        _world.RunDry(_world.Now + TimeSpan.FromSeconds(300));
    }

    private void RequireNothingLeft()
    {
        if (_world.Waiting > 0)
            throw new SimulationException($"all sessions are closed, and {_world.Waiting} events wait, the next for {_world.NextIn}");
        foreach (var node in _network.Nodes.Concat(_network.Relays))
        {
            if (node.Peers.Count > 0 || node.Links.Count > 0)
                throw new SimulationException($"{node.Name}: all sessions are closed, and {node.Peers.Count} peers, {node.Links.Count} links are left");
            if (node.Limits.Memory.Used != 0)
                throw new SimulationException($"{node.Name}: all sessions are closed, and {node.Limits.Memory.Used} bytes of the process's memory are taken");
        }
    }

    /// <summary>A node seeks sessions with the others; often both ends do, at the same time.</summary>
    private void Converse(SimulatedNode node)
    {
        var until = _world.Now + _scenario.Duration;
        foreach (var relay in _network.Relays)
            _world.After(_world.UpTo(TimeSpan.FromSeconds(1)), () => node.Connect(relay.Identity.Id, until));
        foreach (var other in _network.Nodes)
        {
            if (other != node && (_world.Random.Chance(0.6) || node.Identity.Id < other.Identity.Id))
                _world.After(_world.Random.Chance(0.5) ? TimeSpan.Zero : _world.UpTo(TimeSpan.FromSeconds(2)), () => node.Connect(other.Identity.Id, until));
        }
    }
}
