using System.Net;
using Crust.Gateway.Server;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session;
using Crust.Session.Circuits;
using Crust.Session.Circuits.Driver;
using Crust.Session.Driver;

namespace Crust.Gateway.Relay;

/// <summary>
/// A gateway's circuits: takes those that peers open, admits them, and joins each with one to the peer that is called. What it carries it cannot read. Thread
/// safe; what it calls under its own lock takes none.
/// </summary>
internal sealed class CircuitRelay : ICircuitHost, IAsyncDisposable
{
    /// <summary>How long the last bytes of a circuit that ended in order may take to leave. Ours: two round trips of the slowest paths.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    /// <summary>How often credit is given that waits for its turn.</summary>
    private static readonly TimeSpan PaceInterval = TimeSpan.FromMilliseconds(10);

    private readonly AttachedPeers _peers;
    private readonly NetworkId _network;
    private readonly Func<PeerId, bool> _isGateway;
    private readonly MonotonicClock _clock;
    private readonly Lock _gate = new();
    private readonly RelayLedger _ledger;
    private readonly HashSet<RelayCircuit> _circuits = [];
    private readonly Queue<(RelayCircuit Circuit, RelayLeg Left, long Since)> _lingering = new();
    private readonly Lock _pacing = new();
    private readonly RelayPacer? _pacer;
    private readonly ITimer _sweep;
    private readonly ITimer? _pace;
    private long _bytes;
    private volatile bool _isDraining;

    /// <param name="limits">What circuits may have.</param>
    /// <param name="peers">Who is attached here.</param>
    /// <param name="network">The network.</param>
    /// <param name="isGateway">Whether the cluster lists a gateway.</param>
    /// <param name="clock">The clock.</param>
    internal CircuitRelay(RelayLimits limits, AttachedPeers peers, NetworkId network, Func<PeerId, bool> isGateway, MonotonicClock clock)
    {
        _peers = peers;
        _network = network;
        _isGateway = isGateway;
        _clock = clock;
        _ledger = new RelayLedger(limits);
        Memory = new MemoryBudget(limits.MemoryBytes);
        if (limits.BytesPerSecond > 0 || limits.PeerBytesPerSecond > 0)
        {
            _pacer = new RelayPacer(limits.BytesPerSecond, limits.PeerBytesPerSecond, clock.Now);
            _pace = clock.TimeProvider.CreateTimer(static s => ((CircuitRelay)s!).Pace(), this, PaceInterval, PaceInterval);
        }

        _sweep = clock.TimeProvider.CreateTimer(static s => ((CircuitRelay)s!).Sweep(), this, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>Circuits that stand.</summary>
    internal int CircuitCount
    {
        get
        {
            lock (_gate)
                return _circuits.Count;
        }
    }

    /// <summary>Circuits that were refused so far.</summary>
    internal long Refused
    {
        get
        {
            lock (_gate)
                return _ledger.Refused;
        }
    }

    /// <summary>Bytes passed on so far.</summary>
    internal long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>What circuits may have under way.</summary>
    internal MemoryBudget Memory { get; }

    /// <inheritdoc/>
    public void HandleOpened(CircuitHop hop, Circuit circuit, ReadOnlySpan<byte> token)
    {
        if (Refusal(hop, circuit, token, out var target) is { } code || (code = Connect(hop, circuit, target!)) != CircuitCode.Normal)
            hop.Close(circuit, code, atOnce: true);
    }

    /// <summary>Where a peer comes from, for one that a circuit joins it with: both tell each other their addresses anyway. Null without such a circuit.</summary>
    internal IPAddress? Attest(SessionDriver asker, PeerId peer)
    {
        List<RelayCircuit> shared;
        lock (_gate)
            shared = [.. _circuits.Where(c => (c.Caller == asker.Remote && c.Callee == peer) || (c.Callee == asker.Remote && c.Caller == peer))];
        return shared.Select(c => c.AcrossFrom(asker)).FirstOrDefault(static address => address is not null);
    }

    /// <summary>The gateway goes away: takes no more circuits and ends those there are, so that both their ends make others.</summary>
    internal void Drain()
    {
        _isDraining = true;
        List<RelayCircuit> left;
        lock (_gate)
            left = [.. _circuits];
        foreach (var circuit in left)
            circuit.Close(CircuitCode.GoingAway);
    }

    public async ValueTask DisposeAsync()
    {
        await _sweep.DisposeAsync();
        if (_pace is not null)
            await _pace.DisposeAsync();
    }

    internal void Count(int bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>Gives a sender credit: at once, or when its turn comes.</summary>
    internal void Grant(RelayLeg sender, long limit)
    {
        if (_pacer is null)
        {
            sender.Hop.Grant(sender.Half, limit);
            return;
        }

        lock (_pacing)
            _pacer.Want(sender.Paced, limit, _clock.Now);
    }

    /// <summary>A circuit is over; what is left of it waits on one half at most.</summary>
    internal void Ended(RelayCircuit circuit, RelayLeg? left)
    {
        if (_pacer is not null)
        {
            lock (_pacing)
                circuit.ForgetPaced();
        }

        var lingers = left is not null && left.Hop.Queued(left.Half) > 0;
        lock (_gate)
        {
            if (!_circuits.Remove(circuit))
                return;
            if (lingers)
                _lingering.Enqueue((circuit, left!, _clock.TimeProvider.GetTimestamp()));
            else
                Forget(circuit);
        }
    }

    private void Pace()
    {
        while (true)
        {
            PacedSender? sender;
            lock (_pacing)
            {
                if (!_pacer!.TryGive(_clock.Now, out sender))
                    return;
            }

            sender!.Leg!.Hop.Grant(sender.Leg.Half, sender.Given);
        }
    }

    private CircuitCode? Refusal(CircuitHop hop, Circuit circuit, ReadOnlySpan<byte> token, out CircuitHop? target)
    {
        target = null;
        var caller = hop.Remote;
        if (_isDraining)
            return CircuitCode.GoingAway;
        lock (_gate)
        {
            if (!_ledger.MayOpen(caller, _clock.Now))
                return CircuitCode.Busy;
        }

        if (_peers.Find(caller)?.Connection.Session != hop.Session && !IsAdmitted(caller, circuit.Peer, token))
            return CircuitCode.NotAdmitted;
        target = circuit.Peer != caller && _peers.Find(circuit.Peer) is { TakesCircuits: true } entry ? entry.Connection.Session.Circuits : null;
        return target is null ? CircuitCode.NotAttached : null;
    }

    /// <summary>A caller of another gateway brings that one's word.</summary>
    private bool IsAdmitted(PeerId caller, PeerId callee, ReadOnlySpan<byte> token) =>
        CircuitToken.TryPeekIssuer(token, out var issuer) && _isGateway(issuer)
        && CircuitToken.TryVerify(token, _network, out var word) && word!.Caller == caller && word.Callee == callee && word.IsFresh(_clock.TimeProvider.GetUtcNow());

    private CircuitCode Connect(CircuitHop hop, Circuit half, CircuitHop target)
    {
        var from = (hop.Session.RemoteEndPoint as IPEndPoint)?.Address;
        var circuit = new RelayCircuit(this, hop.Remote, target.Remote, from);
        lock (_gate)
        {
            if (!_ledger.TryAdd(circuit.Caller, circuit.Callee, from))
                return CircuitCode.Busy;
            if (!Memory.TryReserve(RelayCircuit.FirstReservation))
            {
                _ledger.Remove(circuit.Caller, circuit.Callee, from);
                return CircuitCode.Busy;
            }

            _circuits.Add(circuit);
        }

        var first = new RelayLeg(circuit, hop, half);
        var opened = target.TryOpen(hop.Remote, half.Kind, [], other =>
        {
            var second = new RelayLeg(circuit, target, other);
            half.User = first;
            circuit.Start(first, second);
            return second;
        });
        if (opened is not null)
            return CircuitCode.Normal;
        lock (_gate)
        {
            _circuits.Remove(circuit);
            _ledger.Remove(circuit.Caller, circuit.Callee, from);
            circuit.Release();
        }

        return CircuitCode.NotAttached;
    }

    private void Sweep()
    {
        if (_pacer is not null)
        {
            lock (_pacing)
                _pacer.Sweep(_clock.Now);
        }

        while (true)
        {
            RelayLeg left;
            lock (_gate)
            {
                if (!_lingering.TryPeek(out var oldest) || _clock.TimeProvider.GetElapsedTime(oldest.Since) < Linger)
                    return;
                _lingering.Dequeue();
                Forget(oldest.Circuit);
                left = oldest.Left;
            }

            left.Hop.Close(left.Half, CircuitCode.Normal, atOnce: true);
        }
    }

    private void Forget(RelayCircuit circuit)
    {
        _ledger.Remove(circuit.Caller, circuit.Callee, circuit.From);
        circuit.Release();
    }
}
