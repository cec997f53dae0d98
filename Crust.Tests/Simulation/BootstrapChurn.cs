using System.Net;
using Crust.Gateway.Bootstrap;
using Crust.GatewayProtocol;
using Crust.Grains.Abstractions;
using Crust.Grains.Bootstrap;
using Crust.Identity;
using Crust.Primitives;

namespace Crust.Tests.Simulation;

/// <summary>
/// A bootstrap cache under churn, on a virtual clock: nodes that come and go, gateways with their tables and views, and the ledgers of all shards. Half of the nodes stay; the others leave and
/// return every few minutes (after 2 to 6, or 4 on average with any length), half of the times without a word, so that their gateway notices by a dial alone. Everything signed is signed and verified. One seed replays it.
/// </summary>
internal sealed class BootstrapChurn
{
    /// <summary>How long things take: a step, a dial that succeeds, one that does not, a call of a shard.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250), Dial = TimeSpan.FromMilliseconds(250), VainDial = TimeSpan.FromSeconds(3), Call = TimeSpan.FromMilliseconds(250);

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly NetworkId Network = NetworkId.FromName("churn");

    private readonly DeterministicRandom _random;
    private readonly bool _withLongVisits;
    private readonly List<Node> _nodes = [];
    private readonly Dictionary<PeerId, Node> _byId = [];
    private readonly List<Gate> _gates = [];
    private readonly BootstrapLedger[] _shards;
    private readonly PriorityQueue<Action, long> _later = new();
    private TimeSpan _elapsed;

    internal BootstrapChurn(ulong seed, int nodes, int gateways, int prefixes, bool withLongVisits)
    {
        _withLongVisits = withLongVisits;
        _random = new DeterministicRandom(seed);
        _shards = [.. Enumerable.Range(0, GrainKeys.BootstrapShardCount).Select(s => new BootstrapLedger(Network, s))];
        for (var i = 0; i < gateways; i++)
        {
            var identity = Identity();
            _gates.Add(new Gate(identity, new VouchTable(identity.Id, new DeterministicRandom(_random.NextUInt64())), new BootstrapView(Network)));
        }

        foreach (var shard in _shards)
        {
            shard.Load([], Now);
            shard.SetGateways(_gates.Select(g => g.Identity.Id));
        }

        for (var i = 0; i < nodes; i++)
        {
            var prefix = _random.Next(prefixes);
            var ip = new IPAddress([(byte)(20 + prefix / 256), (byte)(prefix % 256), (byte)_random.Next(256), (byte)_random.Next(1, 255)]);
            var identity = Identity();
            var node = new Node(identity, new PeerAddress(TransportKind.Tcp, new IPEndPoint(ip, 1024 + _random.Next(60000)), identity.Id), IsStable: i % 2 == 0);
            _nodes.Add(node);
            _byId[identity.Id] = node;
            After(TimeSpan.FromSeconds(60 * _random.NextDouble()), () => Arrive(node));
        }

        foreach (var gate in _gates)
            After(TimeSpan.FromSeconds(30 * _random.NextDouble()), () => Read(gate));
    }

    internal TimeSpan Elapsed => _elapsed;

    /// <summary>Nodes that are there now.</summary>
    internal int Alive => _nodes.Count(n => n.IsUp);

    /// <summary>Entries of all shards.</summary>
    internal int Entries => _shards.Sum(s => s.Count);

    /// <summary>Dials of gateways so far.</summary>
    internal int Dials { get; private set; }

    private DateTimeOffset Now => Start + _elapsed;

    private Instant Instant => new(_elapsed.Ticks / TimeSpan.TicksPerMicrosecond);

    /// <summary>Goes on.</summary>
    internal void Run(TimeSpan duration)
    {
        for (var end = _elapsed + duration; _elapsed < end;)
        {
            _elapsed += Step;
            while (_later.TryPeek(out var action, out var at) && at <= _elapsed.Ticks)
            {
                _later.Dequeue();
                action();
            }

            foreach (var gate in _gates)
                Pump(gate);
            if (_elapsed.Ticks % TimeSpan.FromSeconds(10).Ticks == 0)
            {
                foreach (var shard in _shards)
                    shard.Prune(Now);
            }
        }
    }

    /// <summary>Samples that every gateway gives now: how many entries, and how many of these are there.</summary>
    internal (int Sampled, int Alive) Sample(int samplesOfEach)
    {
        var (sampled, alive) = (0, 0);
        foreach (var gate in _gates)
        {
            for (var i = 0; i < samplesOfEach; i++)
            {
                foreach (var entry in gate.View.Sample(GatewayCodec.MaxSampledPeers, gate.Table.HasFailed, _random.NextUInt64(), Instant))
                {
                    sampled++;
                    alive += _byId[entry.Record.Peer].IsUp ? 1 : 0;
                }
            }
        }

        return (sampled, alive);
    }

    private PeerIdentity Identity()
    {
        var seed = new byte[32];
        _random.Fill(seed);
        return PeerIdentity.FromSeed(seed);
    }

    private void After(TimeSpan time, Action action) => _later.Enqueue(action, (_elapsed + time).Ticks);

    private TimeSpan Between(double fromMinutes, double toMinutes) => TimeSpan.FromMinutes(fromMinutes + (toMinutes - fromMinutes) * _random.NextDouble());

    private void Arrive(Node node)
    {
        node.IsUp = true;
        var life = ++node.Life;
        var gate = _gates[_random.Next(_gates.Count)];
        // Attach, ask for a dial-back, publish what it reached: about two seconds.
        After(TimeSpan.FromSeconds(2), () =>
        {
            if (node.IsUp && node.Life == life)
                Attach(node, gate);
        });
        if (!node.IsStable)
            After(_withLongVisits ? TimeSpan.FromMinutes(-4 * Math.Log(1 - _random.NextDouble())) : Between(2, 6), () => Leave(node, gate));
    }

    private void Attach(Node node, Gate gate)
    {
        var record = new PeerRecord(node.Identity.Id, PeerRecord.NextSequence(node.Sequence, Now), Now + PeerRecord.MaxLifetime, PeerCapabilities.AcceptsBootstrap, [node.Address]);
        node.Sequence = record.Sequence;
        var attachment = Attachment.Sign(node.Identity, Network, gate.Identity.Id, (ulong)Now.ToUnixTimeMilliseconds(), Now);
        var first = gate.Table.HandleAttached(record, record.Sign(node.Identity, Network), attachment, isNew: true, Instant);
        var then = gate.Table.HandleDialled(node.Identity.Id, [node.Address], [DialBackOutcome.Reached], isIndependent: true, [], Instant);
        Report(gate, then ?? first);
    }

    private void Leave(Node node, Gate gate)
    {
        node.IsUp = false;
        if (_random.Chance(0.5))
            gate.Table.HandleDetached(node.Identity.Id, Instant);
        else
            After(TimeSpan.FromSeconds(120), () => gate.Table.HandleDetached(node.Identity.Id, Instant));
        After(Between(1, 3), () => Arrive(node));
    }

    private void Pump(Gate gate)
    {
        while (gate.Table.TryNextDial(Instant, out var addresses, out _))
        {
            Dials++;
            var node = _byId[addresses[0].Peer];
            var isUp = node.IsUp;
            After(isUp ? Dial : VainDial, () =>
            {
                var report = gate.Table.HandleDialled(node.Identity.Id, addresses, [isUp ? DialBackOutcome.Reached : DialBackOutcome.NoAnswer], isIndependent: true, null, Instant);
                if (report is { Reached: 0 })
                    gate.View.Invalidate();
                Report(gate, report);
            });
        }
    }

    private void Report(Gate gate, VouchReport? report)
    {
        if (report is null)
            return;
        var peer = report.Record.Peer;
        var proof = new ReachabilityProof(gate.Identity.Id, peer, report.Record.Sequence, report.Dialled, report.Reached, report.IsIndependent, (ulong)Now.ToUnixTimeMilliseconds());
        var signed = new BootstrapReport(proof.Sign(gate.Identity, Network), report.SignedRecord, report.SignedAttachment);
        After(Call, () => gate.Table.HandleResult(peer, _shards[GrainKeys.BootstrapShardOf(peer)].Report(signed, Now), Instant));
    }

    private void Read(Gate gate)
    {
        for (var i = 0; i < _shards.Length; i++)
        {
            var shard = _shards[i];
            var (version, reading) = gate.View.BeginReading(i);
            if (shard.Version == version)
                gate.View.Confirm(i, reading, Instant);
            else
                gate.View.Set(i, reading, new BootstrapShard(shard.Version, (ulong)Now.ToUnixTimeMilliseconds(), shard.Entries), Instant);
        }

        After(VouchRules.ReadPeriod * (VouchRules.MinJitter + (VouchRules.MaxJitter - VouchRules.MinJitter) * _random.NextDouble()), () => Read(gate));
    }

    private sealed record Node(PeerIdentity Identity, PeerAddress Address, bool IsStable)
    {
        internal bool IsUp { get; set; }

        internal int Life { get; set; }

        internal ulong Sequence { get; set; }
    }

    private sealed record Gate(PeerIdentity Identity, VouchTable Table, BootstrapView View);
}
