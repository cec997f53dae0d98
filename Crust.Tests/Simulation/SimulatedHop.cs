using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Circuits;
using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Tests.Simulation;

/// <summary>The circuits of a session with a relay, at one of its ends: the product's <see cref="CircuitSet"/>, without the lock that the product has around it.</summary>
internal sealed class SimulatedHop : ICircuitCarrier
{
    private readonly CircuitSet _circuits;
    private readonly Action<SimulatedHop, Circuit> _opened;
    private readonly List<Circuit> _progressed = [];
    private bool _isWakeDue;

    /// <param name="session">The session that they ride on.</param>
    /// <param name="opened">Takes what the other end opens.</param>
    internal SimulatedHop(SimulatedSession session, Action<SimulatedHop, Circuit> opened)
    {
        Session = session;
        _opened = opened;
        _circuits = new CircuitSet(session.Node.Identity.Id < session.Remote);
    }

    internal SimulatedSession Session { get; }

    /// <summary>Whether circuits may be opened on it now.</summary>
    internal bool IsUsable => Session is { IsOpen: true, Machine: { IsClosed: false, ActiveLink: not null } };

    internal int Count => _circuits.Count;

    bool ICircuitCarrier.HasWork => _circuits.HasWork;

    internal Circuit? TryOpen(PeerId peer, Func<Circuit, ICircuitUser> user)
    {
        if (!IsUsable || _circuits.TryOpen(peer, CircuitKind.Data, []) is not { } circuit)
            return null;
        circuit.User = user(circuit);
        Wake();
        return circuit;
    }

    internal void Append(Circuit circuit, ReadOnlySpan<byte> bytes)
    {
        _circuits.Append(circuit, bytes);
        Wake();
    }

    internal void Grant(Circuit circuit, long limit)
    {
        _circuits.Grant(circuit, limit);
        Wake();
    }

    internal void Close(Circuit circuit, CircuitCode code, bool atOnce)
    {
        _circuits.Close(circuit, code, atOnce);
        Wake();
    }

    bool ICircuitCarrier.TryHandle(FrameType type, ref SpanReader reader, Instant now)
    {
        if (!_circuits.TryHandle(type, ref reader, out var e))
            return false;
        switch (e.Kind)
        {
            case CircuitEventKind.Opened:
                _opened(this, e.Circuit!);
                break;
            case CircuitEventKind.Received:
                e.Circuit!.User?.HandleReceived(e.Data);
                break;
            case CircuitEventKind.Progress:
                e.Circuit!.User?.HandleProgress();
                break;
            case CircuitEventKind.Ended:
                e.Circuit!.User?.HandleEnded(e.Code);
                break;
        }

        return true;
    }

    void ICircuitCarrier.Write(ref SpanWriter writer)
    {
        _circuits.Write(ref writer, _progressed);
        foreach (var circuit in _progressed)
            circuit.User?.HandleProgress();
        _progressed.Clear();
    }

    public void HandleLinkLost()
    {
        foreach (var circuit in _circuits.EndAll())
            circuit.User?.HandleEnded(CircuitCode.LinkLost);
        if (_circuits.Count > 0)
            throw new SimulationException($"{Session.Node.Name}: {_circuits.Count} circuits outlive their hop");
    }

    /// <summary>The session's writer looks for itself, once it does nothing else.</summary>
    private void Wake()
    {
        if (_isWakeDue)
            return;
        _isWakeDue = true;
        Session.World.Soon(() =>
        {
            _isWakeDue = false;
            if (Session.IsOpen)
                Session.Settle();
        });
    }
}
