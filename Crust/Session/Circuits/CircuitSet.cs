using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Session.Circuits;

/// <summary>
/// One end's circuits of one hop: frames go in, what they mean comes out; bytes and credit go in, frames come out, in deficit round robin (Shreedhar and
/// Varghese, 1995), so that no circuit gets more than its turn. Frames of circuits that are over are dropped, since each end may close while the other
/// sends; frames of circuits that never were break the protocol. Pure; one thread at a time.
/// </summary>
/// <param name="opensEven">True for the lower id of the hop: the ids of the circuits that it opens are even.</param>
/// <param name="maxCircuits">Most circuits at a time, of both ends' opening.</param>
internal sealed class CircuitSet(bool opensEven, int maxCircuits = CircuitLimits.MaxPerHop)
{
    /// <summary>Less than this is not begun at a record's end when there is more. Ours.</summary>
    private const int MinPiece = 64;

    private readonly Dictionary<ulong, Circuit> _circuits = [];
    private readonly RingBuffer<Circuit> _ready = new();
    private readonly Queue<CircuitCloseFrame> _refusals = new();
    private ulong _nextId = opensEven ? 2UL : 1UL;
    private ulong _lastRemoteId;

    /// <summary>Circuits that are not over.</summary>
    internal int Count => _circuits.Count;

    internal bool HasWork => _ready.Count > 0 || _refusals.Count > 0;

    /// <summary>Bytes that wait to be written.</summary>
    internal long QueuedBytes => _circuits.Values.Sum(c => (long)c.Queue.Length);

    /// <summary>Opens a circuit; null when there are too many.</summary>
    internal Circuit? TryOpen(PeerId peer, CircuitKind kind, byte[] token)
    {
        if (_circuits.Count >= maxCircuits)
            return null;
        var circuit = new Circuit(_nextId, peer, kind, isOurs: true) { OpenDue = token };
        _nextId += 2;
        _circuits.Add(circuit.Id, circuit);
        Ready(circuit);
        return circuit;
    }

    /// <summary>Queues a copy of bytes; nothing, when the circuit is over or closes.</summary>
    internal void Append(Circuit circuit, ReadOnlySpan<byte> bytes)
    {
        if (circuit.IsOver || circuit.CloseDue is not null)
            return;
        circuit.Queue.Append(bytes);
        Ready(circuit);
    }

    /// <summary>Queues an array of the slab pool; false when the circuit is over or closes: it stays the caller's.</summary>
    internal bool TryAppend(Circuit circuit, byte[] ownedArray, int length)
    {
        if (circuit.IsOver || circuit.CloseDue is not null)
            return false;
        circuit.Queue.Append(ownedArray, length);
        Ready(circuit);
        return true;
    }

    /// <summary>Lets the remote go so far; nothing, when it may already.</summary>
    internal void Grant(Circuit circuit, long limit)
    {
        if (circuit.IsOver || circuit.CloseDue is not null || limit <= circuit.Granted)
            return;
        circuit.Granted = limit;
        circuit.IsCreditDue = true;
        Ready(circuit);
    }

    /// <summary>Ends a circuit: after what is queued, or at once. The remote is told; our user is not.</summary>
    internal void Close(Circuit circuit, CircuitCode code, bool atOnce)
    {
        if (circuit.IsOver || (circuit.CloseDue is not null && !atOnce))
            return;
        circuit.CloseDue = code;
        circuit.IsCreditDue = false;
        if (atOnce)
            circuit.Queue.Clear();
        Ready(circuit);
    }

    /// <summary>Ends every circuit at once, with a reason for the remote, and returns those whose users must be told.</summary>
    internal List<Circuit> CloseAll(CircuitCode code)
    {
        var ended = _circuits.Values.Where(c => c.CloseDue is null).ToList();
        foreach (var circuit in ended)
            Close(circuit, code, atOnce: true);
        return ended;
    }

    /// <summary>Takes a frame from behind its type.</summary>
    internal bool TryHandle(FrameType type, scoped ref SpanReader reader, out CircuitEvent e)
    {
        e = default;
        switch (type)
        {
            case FrameType.CircuitOpen:
                return CircuitOpenFrame.TryRead(ref reader, out var open) && TryHandle(open, out e);
            case FrameType.CircuitData:
                return CircuitDataFrame.TryRead(ref reader, out var data) && TryFind(data.Id, out var target) && (target is null || TryHandle(target, data, out e));
            case FrameType.CircuitCredit:
                if (!CircuitCreditFrame.TryRead(ref reader, out var credit) || !TryFind(credit.Id, out var raised))
                    return false;
                if (raised is not null)
                    e = Handle(raised, credit);
                return true;
            case FrameType.CircuitClose:
                if (!CircuitCloseFrame.TryRead(ref reader, out var close) || !TryFind(close.Id, out var closed))
                    return false;
                if (closed is not null)
                    e = End(closed, close.Code);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Fills the rest of a record, and tells which circuits' bytes left their queues.</summary>
    internal void Write(ref SpanWriter writer, List<Circuit> progressed)
    {
        while (_refusals.Count > 0 && writer.Remaining >= CircuitCloseFrame.MaxLength)
            _refusals.Dequeue().Write(ref writer);
        while (_ready.Count > 0)
        {
            var circuit = _ready[0];
            if (!TryWriteHeads(circuit, ref writer))
                return;
            if (circuit.Sendable > 0)
            {
                if (circuit.Deficit == 0)
                    circuit.Deficit = CircuitLimits.Quantum;
                var room = writer.Remaining - CircuitDataFrame.MaxHeadLength;
                if (room < Math.Min(circuit.Sendable, MinPiece))
                    return;
                var length = Math.Min(Math.Min(circuit.Sendable, circuit.Deficit), room);
                circuit.Queue.Read(CircuitDataFrame.Reserve(ref writer, circuit.Id, length));
                circuit.Sent += length;
                circuit.Deficit -= length;
                progressed.Add(circuit);
            }

            if (circuit.Sendable > 0 && circuit.Deficit > 0)
                return;
            if (circuit.CloseDue is { } code && circuit.Queue.Length == 0)
            {
                if (writer.Remaining < CircuitCloseFrame.MaxLength)
                    return;
                new CircuitCloseFrame(circuit.Id, code).Write(ref writer);
                Forget(circuit);
            }

            Turn(circuit);
        }
    }

    /// <summary>The link is gone: forgets every circuit and returns those whose users must be told.</summary>
    internal List<Circuit> EndAll()
    {
        var ended = _circuits.Values.Where(c => c.CloseDue is null).ToList();
        foreach (var circuit in _circuits.Values.ToList())
            Forget(circuit);
        while (_ready.TryTake(out var circuit))
            circuit.IsReady = false;
        _refusals.Clear();
        return ended;
    }

    private bool TryHandle(CircuitOpenFrame frame, out CircuitEvent e)
    {
        e = default;
        // The remote opens the other parity, each time higher.
        if (frame.Id <= _lastRemoteId || frame.Id % 2 == _nextId % 2)
            return false;
        _lastRemoteId = frame.Id;
        // Those that are over wait in the ring until something is written: a remote that opens, closes and does not read must not fill it.
        if (_circuits.Count >= maxCircuits || _ready.Count >= 2 * maxCircuits)
            return TryRefuse(frame.Id, CircuitCode.Busy);
        var circuit = new Circuit(frame.Id, frame.Peer, frame.Kind, isOurs: false);
        _circuits.Add(circuit.Id, circuit);
        e = new CircuitEvent(CircuitEventKind.Opened, circuit, frame.Token);
        return true;
    }

    private bool TryHandle(Circuit circuit, CircuitDataFrame frame, out CircuitEvent e)
    {
        e = default;
        if (circuit.CloseDue is not null)
            return true;
        if (circuit.Received + frame.Data.Length > circuit.Granted)
        {
            e = Misused(circuit);
            return true;
        }

        circuit.Received += frame.Data.Length;
        e = new CircuitEvent(CircuitEventKind.Received, circuit, frame.Data);
        return true;
    }

    private CircuitEvent Handle(Circuit circuit, CircuitCreditFrame frame)
    {
        if (circuit.CloseDue is not null)
            return default;
        if (frame.Limit <= (ulong)circuit.SendLimit || frame.Limit > (ulong)(circuit.Sent + CircuitLimits.MaxCredit))
            return Misused(circuit);
        circuit.SendLimit = (long)frame.Limit;
        Ready(circuit);
        return new CircuitEvent(CircuitEventKind.Progress, circuit);
    }

    private CircuitEvent Misused(Circuit circuit)
    {
        Close(circuit, CircuitCode.Misused, atOnce: true);
        return new CircuitEvent(CircuitEventKind.Ended, circuit, code: CircuitCode.Misused);
    }

    private CircuitEvent End(Circuit circuit, CircuitCode code)
    {
        var isNews = circuit.CloseDue is null;
        Forget(circuit);
        return isNews ? new CircuitEvent(CircuitEventKind.Ended, circuit, code: code) : default;
    }

    private bool TryRefuse(ulong id, CircuitCode code)
    {
        if (_refusals.Count >= CircuitLimits.MaxRefusals)
            return false;
        _refusals.Enqueue(new CircuitCloseFrame(id, code));
        return true;
    }

    /// <summary>False for a circuit that never was; null for one that is over.</summary>
    private bool TryFind(ulong id, out Circuit? circuit) =>
        _circuits.TryGetValue(id, out circuit) || (id > 0 && (id % 2 == _nextId % 2 ? id < _nextId : id <= _lastRemoteId));

    private static bool TryWriteHeads(Circuit circuit, ref SpanWriter writer)
    {
        if (circuit.OpenDue is { } token)
        {
            if (writer.Remaining < CircuitOpenFrame.MaxLength)
                return false;
            new CircuitOpenFrame(circuit.Id, circuit.Kind, circuit.Peer, token).Write(ref writer);
            circuit.OpenDue = null;
        }

        if (!circuit.IsCreditDue)
            return true;
        if (writer.Remaining < CircuitCreditFrame.MaxLength)
            return false;
        new CircuitCreditFrame(circuit.Id, (ulong)circuit.Granted).Write(ref writer);
        circuit.IsCreditDue = false;
        return true;
    }

    private void Ready(Circuit circuit)
    {
        if (circuit.IsReady || !circuit.HasWork)
            return;
        circuit.IsReady = true;
        _ready.Add(circuit);
    }

    /// <summary>The turn of the first in the ring is over.</summary>
    private void Turn(Circuit circuit)
    {
        _ = _ready.TryTake(out _);
        circuit.IsReady = false;
        if (circuit.IsOver || !circuit.HasWork)
            circuit.Deficit = 0;
        else
            Ready(circuit);
    }

    private void Forget(Circuit circuit)
    {
        circuit.IsOver = true;
        circuit.OpenDue = null;
        circuit.IsCreditDue = false;
        circuit.Queue.Clear();
        _circuits.Remove(circuit.Id);
    }
}
