using Crust.Dialing.Driver;
using Crust.Identity;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Session.Circuits;
using Crust.Session.Circuits.Driver;

namespace Crust;

/// <summary>
/// Control circuits between peers that a third one introduces: 64 KiB each way, encrypted end to end, for their talk about a direct path. The introducer joins the two halves, for a pair that it just
/// introduced; the callee takes one, from a caller that was just announced. Nothing else is carried: a peer is no relay. Thread safe.
/// </summary>
/// <param name="acceptor">Takes the circuits that are for this node.</param>
/// <param name="clock">The clock.</param>
internal sealed class NeighbourCircuits(CircuitAcceptor acceptor, MonotonicClock clock) : ICircuitHost
{
    /// <summary>Pairs that may open one, and callers that are waited for. Ours.</summary>
    internal const int MaxPairs = 64;

    /// <summary>How long a pair may open circuits after the introduction. Ours: as long as both look for a direct path.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly Dictionary<(PeerId Caller, PeerId Callee), (CircuitHop Target, Instant Until)> _introduced = [];
    private readonly Dictionary<(PeerId Introducer, PeerId Caller), Instant> _announced = [];

    /// <summary>As the introducer: lets the caller open a circuit to the callee. False when there are too many.</summary>
    internal bool Permit(PeerId caller, PeerId callee, CircuitHop target)
    {
        lock (_gate)
        {
            foreach (var (pair, permit) in _introduced)
            {
                if (permit.Until < clock.Now)
                    _introduced.Remove(pair);
            }

            if (_introduced.Count >= MaxPairs)
                return false;
            _introduced[(caller, callee)] = (target, clock.Now + Lifetime);
            return true;
        }
    }

    /// <summary>As the callee: takes a circuit from a caller over an introducer. False when there are too many.</summary>
    internal bool Expect(PeerId introducer, PeerId caller)
    {
        lock (_gate)
        {
            foreach (var (pair, until) in _announced)
            {
                if (until < clock.Now)
                    _announced.Remove(pair);
            }

            if (_announced.Count >= MaxPairs)
                return false;
            _announced[(introducer, caller)] = clock.Now + Lifetime;
            return true;
        }
    }

    /// <inheritdoc/>
    public void HandleOpened(CircuitHop hop, Circuit circuit, ReadOnlySpan<byte> token)
    {
        CircuitHop? target = null;
        var isForUs = false;
        lock (_gate)
        {
            if (circuit.Kind == CircuitKind.Control && token.IsEmpty)
                isForUs = _announced.TryGetValue((hop.Remote, circuit.Peer), out var until) && clock.Now <= until;
            else if (circuit.Kind == CircuitKind.Control && _introduced.TryGetValue((hop.Remote, circuit.Peer), out var permit) && clock.Now <= permit.Until)
                target = permit.Target;
        }

        if (isForUs)
            acceptor.HandleOpened(hop, circuit, token);
        else if (target is null || !TryJoin(hop, circuit, target))
            hop.Close(circuit, CircuitCode.NotAdmitted, atOnce: true);
    }

    private static bool TryJoin(CircuitHop hop, Circuit half, CircuitHop target) => target.TryOpen(hop.Remote, half.Kind, [], other =>
    {
        var (first, second) = (new Half(hop, half), new Half(target, other));
        (first.Other, second.Other) = (second, first);
        half.User = first;
        return second;
    }) is not null;

    /// <summary>One half: what arrives on it is queued on the other. The first window is all that a control circuit may carry, so no credit is passed on.</summary>
    private sealed class Half(CircuitHop hop, Circuit circuit) : ICircuitUser
    {
        private int _isOver;

        internal Half Other { get; set; } = null!;

        public void HandleReceived(ReadOnlySpan<byte> data)
        {
            Other.Append(data);
            if (circuit.Received >= CircuitLimits.ControlBytes)
            {
                Close(CircuitCode.Exhausted);
                Other.Close(CircuitCode.Exhausted);
            }
        }

        public void HandleProgress()
        {
            // Nothing waits for credit here.
        }

        public void HandleEnded(CircuitCode code)
        {
            _isOver = 1;
            Other.Close(code == CircuitCode.Misused ? CircuitCode.LinkLost : code);
        }

        private void Append(ReadOnlySpan<byte> data) => hop.Append(circuit, data);

        private void Close(CircuitCode code)
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
                hop.Close(circuit, code, atOnce: code != CircuitCode.Normal);
        }
    }
}
