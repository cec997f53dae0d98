using Crust.Dialing.Driver;
using Crust.GatewayProtocol.Driver;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session;
using Crust.Session.Circuits.Driver;
using Crust.Session.Driver;

namespace Crust;

/// <summary>
/// The sessions with gateways that circuits of ours ride on: the one with our own gateway, and those with other peers' gateways, which are made when needed,
/// shared, and closed a while after their last circuit. One that was there before is asked for a sign of life each time it is taken, for the way to it may have died unnoticed: nothing else asks the gateways
/// of other peers. Thread safe.
/// </summary>
internal sealed class RelayHops : IAsyncDisposable
{
    /// <summary>Gateways beside our own at a time. Ours: far more than a node talks over; the idlest makes room.</summary>
    internal const int MaxHops = 32;

    /// <summary>How long a hop stays without circuits. Ours: the next call to the same gateway's peers saves two round trips.</summary>
    internal static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(60);

    private readonly CircuitAcceptor _acceptor;
    private readonly Func<GatewayAttachment?> _attachment;
    private readonly Func<IReadOnlyList<PeerAddress>, CancellationToken, Task<SessionDriver>> _connect;
    private readonly TimeProvider _timeProvider;
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, Hop> _hops = [];
    private readonly ITimer _sweep;
    private readonly RunningTasks _probes = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="acceptor">Takes what gateways open to us.</param>
    /// <param name="attachment">Our own gateway.</param>
    /// <param name="connect">Makes a session with a gateway.</param>
    /// <param name="timeProvider">The clock.</param>
    internal RelayHops(
        CircuitAcceptor acceptor, Func<GatewayAttachment?> attachment, Func<IReadOnlyList<PeerAddress>, CancellationToken, Task<SessionDriver>> connect, TimeProvider timeProvider)
    {
        _acceptor = acceptor;
        _attachment = attachment;
        _connect = connect;
        _timeProvider = timeProvider;
        _sweep = timeProvider.CreateTimer(static s => ((RelayHops)s!).Sweep(), this, IdleTime / 2, IdleTime / 2);
    }

    /// <summary>The hop over a peer that introduces us to another; null for whoever is no such peer. Such a session is not ours to close.</summary>
    internal Func<PeerId, CircuitHop?> OfPeer { get; set; } = static _ => null;

    /// <summary>The hop to a gateway.</summary>
    /// <param name="gateway">Its addresses.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <exception cref="ConnectException">The gateway cannot be reached.</exception>
    internal async Task<CircuitHop> GetAsync(IReadOnlyList<PeerAddress> gateway, CancellationToken cancellationToken)
    {
        var id = gateway[0].Peer;
        if (OfPeer(id) is { } introducer)
            return introducer;
        if (_attachment()?.Current is { } own && own.Gateway == id && own.Session.Circuits is { } circuits)
            return circuits;
        lock (_gate)
        {
            if (!_hops.ContainsKey(id) && _hops.Count >= MaxHops && _hops.Values.All(h => h.Circuits.Count > 0))
                throw new ConnectException(ConnectFailure.Throttled, id, $"This node uses {MaxHops} gateways already.");
        }

        var asked = _timeProvider.GetTimestamp();
        var session = await _connect(gateway, cancellationToken).ConfigureAwait(false);
        session.EndWithLink();
        var circuitHop = session.EnableCircuits(_acceptor);
        Hop? idle = null;
        Hop? hop;
        bool isToBeProbed;
        lock (_gate)
        {
            if (!_hops.ContainsKey(id) && _hops.Count >= MaxHops && _hops.Values.Where(h => h.Circuits.Count == 0).MinBy(h => h.UsedAt) is { } least)
            {
                idle = least;
                _hops.Remove(least.Circuits.Remote);
            }

            if (!_hops.TryGetValue(id, out hop) || hop.Circuits != circuitHop)
                _hops[id] = hop = new Hop(circuitHop);
            hop.UsedAt = _timeProvider.GetTimestamp();
            isToBeProbed = !hop.IsProbed && !_stopped.Task.IsCompleted && session.Silence > _timeProvider.GetElapsedTime(asked);
            hop.IsProbed |= isToBeProbed;
        }

        if (isToBeProbed)
            _probes.Add(ProbeAsync(hop));
        if (idle is not null)
            await CloseAsync(idle).ConfigureAwait(false);
        return circuitHop;
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _stopped.TrySetResult();
            _hops.Clear();
        }

        await _sweep.DisposeAsync().ConfigureAwait(false);
        await _probes.WhenEndedAsync().ConfigureAwait(false);
    }

    /// <summary>Cuts a session whose gateway shows no sign of life; the circuits on it end at once then, and the next try makes another session.</summary>
    private async Task ProbeAsync(Hop hop)
    {
        await GatewayProbe.WatchAsync(hop.Circuits.Session, _stopped.Task, isOnce: true, _timeProvider).ConfigureAwait(false);
        lock (_gate)
            hop.IsProbed = false;
    }

    /// <summary>Closes the hops that were without a circuit for long. Our own gateway's stays: it is not among them, or has become ours.</summary>
    private void Sweep()
    {
        var idle = new List<Hop>();
        lock (_gate)
        {
            foreach (var (gateway, hop) in _hops.ToList())
            {
                if (hop.Circuits.Count > 0)
                    hop.UsedAt = _timeProvider.GetTimestamp();
                if (hop.Circuits.Session.Closure is null && _timeProvider.GetElapsedTime(hop.UsedAt) < IdleTime)
                    continue;
                _hops.Remove(gateway);
                if (_attachment()?.Current?.Session != hop.Circuits.Session)
                    idle.Add(hop);
            }
        }

        foreach (var hop in idle)
            // It winds itself up; nobody waits for it.
            _ = CloseAsync(hop);
    }

    private static Task CloseAsync(Hop hop) => hop.Circuits.Session.CloseAsync(GoodbyeCode.Normal, "No circuit needs the gateway any more.");

    private sealed class Hop(CircuitHop circuits)
    {
        internal CircuitHop Circuits => circuits;

        internal long UsedAt { get; set; }

        internal bool IsProbed { get; set; }
    }
}
