using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Driver;
using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Session.Circuits.Driver;

/// <summary>
/// The circuits of one hop, at one of its ends: a lock around a <see cref="CircuitSet"/>. The lock is never held while anything else is called, so that a
/// gateway may pass bytes from one hop to another from either side at once. Thread safe.
/// </summary>
internal sealed class CircuitHop : ICircuitCarrier
{
    private readonly Lock _gate = new();
    private readonly CircuitSet _circuits;
    private readonly ICircuitHost _host;
    private readonly Action _wake;

    /// <summary>Used by the writing loop alone, which is one thread at a time.</summary>
    private readonly List<Circuit> _progressed = [];
    private volatile bool _hasWork;
    private volatile bool _isOver;

    /// <param name="session">The session that they ride on.</param>
    /// <param name="opensEven">True when our id is the lower one.</param>
    /// <param name="host">Who takes what the other end opens.</param>
    /// <param name="wake">Tells the writing loop of the session that there is something to write. Must not take locks.</param>
    internal CircuitHop(SessionDriver session, bool opensEven, ICircuitHost host, Action wake)
    {
        Session = session;
        _circuits = new CircuitSet(opensEven);
        _host = host;
        _wake = wake;
    }

    internal SessionDriver Session { get; }

    /// <summary>Who is at the other end of the hop.</summary>
    internal PeerId Remote => Session.Remote;

    /// <summary>Circuits that are not over.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
                return _circuits.Count;
        }
    }

    /// <summary>Bytes that wait to be written.</summary>
    internal long QueuedBytes
    {
        get
        {
            lock (_gate)
                return _circuits.QueuedBytes;
        }
    }

    bool ICircuitCarrier.HasWork => _hasWork;

    /// <summary>Opens a circuit; null when there are too many, or the hop is lost.</summary>
    internal Circuit? TryOpen(PeerId peer, CircuitKind kind, byte[] token, Func<Circuit, ICircuitUser> user)
    {
        Circuit? circuit;
        lock (_gate)
        {
            circuit = _isOver ? null : _circuits.TryOpen(peer, kind, token);
            if (circuit is not null)
                circuit.User = user(circuit);
        }

        if (circuit is not null)
            Wake();
        return circuit;
    }

    /// <summary>Queues a copy of bytes; nothing, when the circuit is over.</summary>
    internal void Append(Circuit circuit, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
            _circuits.Append(circuit, bytes);
        Wake();
    }

    /// <summary>Queues an array of the slab pool; false when the circuit is over: it stays the caller's.</summary>
    internal bool TryAppend(Circuit circuit, byte[] ownedArray, int length)
    {
        lock (_gate)
        {
            if (!_circuits.TryAppend(circuit, ownedArray, length))
                return false;
        }

        Wake();
        return true;
    }

    /// <summary>Bytes of a circuit that wait to be written.</summary>
    internal int Queued(Circuit circuit)
    {
        lock (_gate)
            return circuit.Queue.Length;
    }

    /// <summary>Lets the other end go so far.</summary>
    internal void Grant(Circuit circuit, long limit)
    {
        lock (_gate)
            _circuits.Grant(circuit, limit);
        Wake();
    }

    /// <summary>Ends a circuit: after what is queued, or at once. Its user is not told.</summary>
    internal void Close(Circuit circuit, CircuitCode code, bool atOnce)
    {
        lock (_gate)
            _circuits.Close(circuit, code, atOnce);
        Wake();
    }

    /// <summary>Ends all circuits; their users are told.</summary>
    internal void CloseAll(CircuitCode code)
    {
        List<Circuit> ended;
        lock (_gate)
            ended = _circuits.CloseAll(code);
        Wake();
        foreach (var circuit in ended)
            circuit.User?.HandleEnded(code);
    }

    /// <inheritdoc/>
    bool ICircuitCarrier.TryHandle(FrameType type, ref SpanReader reader, Instant now)
    {
        CircuitEvent e;
        lock (_gate)
        {
            if (!_circuits.TryHandle(type, ref reader, out e))
                return false;
            _hasWork = _circuits.HasWork;
        }

        switch (e.Kind)
        {
            case CircuitEventKind.Opened:
                _host.HandleOpened(this, e.Circuit!, e.Data);
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

    /// <inheritdoc/>
    void ICircuitCarrier.Write(ref SpanWriter writer)
    {
        lock (_gate)
        {
            _circuits.Write(ref writer, _progressed);
            _hasWork = _circuits.HasWork;
        }

        foreach (var circuit in _progressed)
            circuit.User?.HandleProgress();
        _progressed.Clear();
    }

    /// <inheritdoc/>
    public void HandleLinkLost()
    {
        List<Circuit> ended;
        lock (_gate)
        {
            _isOver |= Session.IsEnding;
            ended = _circuits.EndAll();
            _hasWork = false;
        }

        foreach (var circuit in ended)
            circuit.User?.HandleEnded(CircuitCode.LinkLost);
    }

    private void Wake()
    {
        _hasWork = true;
        _wake();
    }
}
