using System.Buffers.Binary;
using Crust.Primitives;
using Crust.Utp;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>
/// A story of µTP alone: hosts converse while everything goes wrong that datagrams allow; then the network heals, every conversation must end as it should,
/// and nothing may be left.
/// </summary>
internal sealed class UtpStory
{
    /// <summary>A connection finds out within half a minute that its remote is gone, and within two minutes if it has nothing to say; a slow link has to carry what waits.</summary>
    internal static readonly TimeSpan Healing = TimeSpan.FromSeconds(240);

    /// <summary>No connection has to outlive longer ones.</summary>
    private static readonly TimeSpan LongestCut = TimeSpan.FromSeconds(8);

    /// <summary>Connections that guesses may open: twice the one in 32,768 of all types together, and some.</summary>
    private const int MaxGuessed = 8, GuessesForOne = 16_384;

    /// <summary>Ids of conversations, and so many an attacker goes through: a hit on each of them many times in a second is what somebody with a hundred times the packets has.</summary>
    private const int IdsApart = 64, AttackedIds = 2048;

    /// <summary>Numbers before the first that is not acknowledged which an acknowledgement that was overtaken may have, beyond the largest flight.</summary>
    private const int ReorderedAcknowledgements = 8;

    private readonly World _world;
    private readonly DatagramNetwork _network;
    private readonly List<UtpHost> _hosts = [];
    private readonly List<(UtpHost From, UtpHost To, DatagramWay Way)> _ways = [];
    private readonly List<Conversation> _conversations = [];
    private readonly Instant _healsAt;
    private readonly bool _isSlow;
    private readonly bool _isCalm;
    private readonly bool _hasAttacks;
    private readonly bool _hasCrashes;
    private int _faults;
    private long _guesses;
    private long _guessed;

    internal UtpStory(ulong seed, bool isTraced = false)
    {
        _world = new World(seed, isTraced);
        _network = new DatagramNetwork(_world);
        var random = _world.Random;
        (_isSlow, _isCalm, _hasAttacks, _hasCrashes) = (random.Chance(0.1), random.Chance(0.2), random.Chance(0.25), random.Chance(0.3));
        for (var i = random.Next(2, 4); i > 0; i--)
            AddHost();
        var seconds = random.Next(3, 30);
        _healsAt = _world.Now + TimeSpan.FromSeconds(seconds);
        for (var i = random.Next(1, _isSlow ? 5 : 25); i > 0; i--)
            _world.After(TimeSpan.FromSeconds(seconds * random.NextDouble()), Converse);
        if (!_isCalm)
            Plan();
    }

    internal World World => _world;

    /// <inheritdoc/>
    public override string ToString() =>
        $"{_hosts.Count} hosts, {(_healsAt - World.Beginning).TotalSeconds:F0} s{(_isSlow ? ", slow" : "")}{(_isCalm ? ", calm" : "")}{(_hasAttacks ? ", attacks" : "")}{(_hasCrashes ? ", crashes" : "")}";

    /// <summary>Tells the story. Throws when a promise does not hold.</summary>
    internal UtpOutcome Run()
    {
        _world.Run(_healsAt);
        _world.Log($"the network heals");
        foreach (var (_, _, way) in _ways)
            way.Heal();
        for (var time = TimeSpan.Zero; time < Healing && _conversations.Exists(c => !c.IsOver); time += TimeSpan.FromSeconds(1))
            _world.Run(_healsAt + time);
        if (_conversations.Find(c => !c.IsOver) is { } open)
            throw new SimulationException($"{Healing.TotalSeconds} s after the network healed, conversation {open.Number} is not over: {open.Dialler.Received} and {open.Acceptor.Received} bytes arrived");
        foreach (var conversation in _conversations)
            conversation.RequireGoodEnd();
        _world.RunDry(_world.Now + Healing);
        foreach (var host in _hosts)
        {
            if (host.Endpoint.ConnectionCount > 0)
                throw new SimulationException($"everything is over, and {host.Endpoint.ConnectionCount} connections are left at {host.Address}");
        }

        if (_world.Waiting > 0)
            throw new SimulationException($"everything is over, and {_world.Waiting} events wait, the next for {_world.NextIn}");
        return new UtpOutcome(
            _world.Fingerprint,
            _world.Happened,
            _conversations.Count,
            _conversations.Count(c => !c.MayFail),
            _conversations.Sum(c => c.Dialler.Received + c.Acceptor.Received),
            _faults,
            _ways.Sum(w => w.Way.Statistics.Sent));
    }

    private void AddHost()
    {
        var clock = new HostClock(_world, TimeSpan.FromSeconds(_world.Random.Next(1, 1 << 20)), _world.Random.Next(-100, 100));
        var host = new UtpHost(_network, _network.NextAddress(), new UtpOptions { JumboDatagramLength = UtpOptions.JumboFrameLength }, clock);
        host.Accept = (connection, id) => Accept(host, connection, id);
        foreach (var other in _hosts)
        {
            foreach (var (from, to) in new[] { (host, other), (other, host) })
            {
                var way = _network.NewWay(_isCalm ? Weather.DrawCalm(_world, _isSlow) : Weather.Draw(_world, _isSlow));
                _ways.Add((from, to, way));
                _network.Route(from.Address, to.Address, way);
            }
        }

        _hosts.Add(host);
    }

    private void Converse()
    {
        var from = _world.Pick(_hosts);
        var to = _world.Pick([.. _hosts.Where(h => h != from)]);
        // Ids far apart, so that two never meet.
        var conversation = new Conversation(_world, _conversations.Count + 1, from, to, (ushort)((_conversations.Count * IdsApart) + _world.Random.Next(60)))
        {
            MayTimeOut = !_isCalm,
        };
        _conversations.Add(conversation);
        _world.Log($"conversation {conversation.Number} begins, {conversation.Dialler.Length} and {conversation.Acceptor.Length} bytes");
        conversation.Start();
    }

    private IUtpUser? Accept(UtpHost host, UtpConnection connection, ushort id)
    {
        var conversation = _conversations.Find(c => c.ConnectionId == id && c.Acceptor.Host == host);
        if (conversation is not null && conversation.Acceptor.Connection is null)
        {
            conversation.Acceptor.Accept(connection);
            return conversation.Acceptor;
        }

        // A guess in 32,768 is right, and no more than that; and whoever restarted may meet what his predecessor sent.
        if (conversation is not null && conversation.MayFail)
            return null;
        if (_guesses > 0)
        {
            if (++_guessed > MaxGuessed + (_guesses / GuessesForOne))
                throw new SimulationException($"{host.Address} accepted {_guessed} connections that nobody made, of {_guesses} guesses");
            return null;
        }

        throw new SimulationException($"{host.Address} accepted a connection {(conversation is null ? "that nobody made" : "a second time")}");
    }

    private void Plan()
    {
        var next = _world.Now + _world.Around(TimeSpan.FromSeconds(2));
        if (next < _healsAt)
            _world.At(next, Fault);
    }

    private void Fault()
    {
        _faults++;
        var (from, _, way) = _world.Pick(_ways);
        switch (_world.Random.Next(8))
        {
            case 0 when _hasCrashes:
                _world.Log($"{from.Address} restarts");
                Lose(from, forgets: true);
                from.Restart();
                break;
            case 1 when _hasCrashes:
                _world.Log($"{from.Address} moves");
                Lose(from, forgets: false);
                Move(from);
                break;
            case < 4 when _hasAttacks:
                _world.Log($"somebody attacks {from.Address}");
                var names = _hosts.Where(h => h != from).Select(h => h.Address).ToArray();
                if (_world.Random.Chance(0.3))
                    from.BelieveTooLong(Weather.DrawLength(_world.Random, 560), _world.Now + _world.UpTo(TimeSpan.FromSeconds(3)));
                new OffPathAttacker(_network, from, names) { Ids = AttackedIds, OnGuess = (name, packet) => Judge(from, name, packet.Span) }.Attack(_world.Random.Next(1, 30), _world.Between(TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(1)));
                break;
            case < 5:
                var until = _world.Now + _world.UpTo(LongestCut);
                _world.Log($"a way from {from.Address} is cut for {(until - _world.Now).TotalSeconds} s");
                way.Cut(until);
                break;
            default:
                way.Profile = Weather.Draw(_world, _isSlow);
                break;
        }

        Plan();
    }

    /// <summary>
    /// Whether a guess is right, which one in millions is: connection id and acknowledgement fit at once. Only such a one may harm a conversation; whatever else is injected
    /// changes nothing.
    /// </summary>
    private void Judge(UtpHost victim, TransportAddress name, ReadOnlySpan<byte> packet)
    {
        _guesses++;
        var id = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        var acknowledged = BinaryPrimitives.ReadUInt16BigEndian(packet[18..]);
        foreach (var conversation in _conversations)
        {
            if (conversation.MayFail || conversation.IsOver)
                continue;
            foreach (var end in new[] { conversation.Dialler, conversation.Acceptor })
            {
                if (end.Host != victim || end.Connection is not { } connection || connection.Remote != name || (id != connection.Key.ReceiveId && id != connection.SendId))
                    continue;
                var behind = unchecked((ushort)(connection.NextPacketNumber - acknowledged));
                if (connection.State == UtpConnectionState.Connecting || behind <= connection.LargestFlightPackets + ReorderedAcknowledgements)
                    conversation.MayFail = true;
            }
        }
    }

    /// <summary>Everything that a host has open is lost.</summary>
    private void Lose(UtpHost host, bool forgets)
    {
        foreach (var conversation in _conversations.Where(c => !c.IsOver))
        {
            foreach (var end in new[] { conversation.Dialler, conversation.Acceptor })
            {
                conversation.MayFail |= end.Host == host;
                if (forgets && end.Host == host && end.Connection is not null)
                    end.Forget();
            }
        }
    }

    private void Move(UtpHost host)
    {
        host.Move(_network.NextAddress());
        foreach (var (from, to, way) in _ways)
        {
            if (from == host || to == host)
                _network.Route(from.Address, to.Address, way);
        }
    }
}
