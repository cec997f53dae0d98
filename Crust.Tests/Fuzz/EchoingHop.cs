using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Circuits;
using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Tests.Fuzz;

/// <summary>
/// One end's circuits of a session, the product's <see cref="CircuitSet"/> without the lock around it: says what comes on circuits of the other's opening back to it, and gives credit for all that it hears.
/// </summary>
internal sealed class EchoingHop(bool opensEven) : ICircuitCarrier
{
    private readonly CircuitSet _circuits = new(opensEven);

    public bool HasWork => _circuits.HasWork;

    /// <summary>Circuits that are not over.</summary>
    internal int Count => _circuits.Count;

    /// <summary>Bytes that wait to be written.</summary>
    internal long QueuedBytes => _circuits.QueuedBytes;

    /// <summary>Bytes that came.</summary>
    internal long Received { get; private set; }

    /// <summary>How circuits ended, not by our doing.</summary>
    internal List<CircuitCode> Ended { get; } = [];

    internal Circuit Open(PeerId peer, CircuitKind kind, byte[] token, byte[] content)
    {
        var circuit = _circuits.TryOpen(peer, kind, token) ?? throw new InvalidOperationException("There are too many.");
        _circuits.Append(circuit, content);
        return circuit;
    }

    internal void Close(Circuit circuit) => _circuits.Close(circuit, CircuitCode.Normal, atOnce: false);

    public bool TryHandle(FrameType type, ref SpanReader reader, Instant now)
    {
        if (!_circuits.TryHandle(type, ref reader, out var e))
            return false;
        switch (e.Kind)
        {
            case CircuitEventKind.Received:
                Received += e.Data.Length;
                if (!e.Circuit!.IsOurs)
                    _circuits.Append(e.Circuit, e.Data);
                _circuits.Grant(e.Circuit, e.Circuit.Received + CircuitLimits.InitialWindow);
                break;
            case CircuitEventKind.Ended:
                Ended.Add(e.Code);
                break;
        }

        return true;
    }

    public void Write(ref SpanWriter writer) => _circuits.Write(ref writer, []);

    public void HandleLinkLost() => _circuits.EndAll();
}
