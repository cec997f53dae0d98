using System.Net;
using Crust.Identity;
using Crust.Session.Circuits;
using Crust.Session.Driver;

namespace Crust.Gateway.Relay;

/// <summary>A circuit through a gateway: its two halves, and what it holds of the gateway's. Thread safe.</summary>
internal sealed class RelayCircuit(CircuitRelay relay, PeerId caller, PeerId callee, IPAddress? from)
{
    /// <summary>What a circuit takes of the relay's memory at first: a window each way.</summary>
    internal const int FirstReservation = 2 * CircuitLimits.InitialWindow;

    private readonly Lock _gate = new();
    private long _reserved = FirstReservation;
    private int _ended;
    private RelayLeg? _first;
    private RelayLeg? _second;

    internal PeerId Caller => caller;

    internal PeerId Callee => callee;

    internal IPAddress? From => from;

    /// <summary>Both halves stand.</summary>
    internal void Start(RelayLeg first, RelayLeg second)
    {
        (_first, _second) = (first, second);
        RelayLeg.Join(first, second);
    }

    /// <summary>Where the hop at the other end of this one comes from; null when the hop is not of this circuit, or the circuit does not stand yet.</summary>
    internal IPAddress? AcrossFrom(SessionDriver hop)
    {
        if (_first is not { } first || _second is not { } second)
            return null;
        var other = first.Hop.Session == hop ? second : second.Hop.Session == hop ? first : null;
        return other?.Hop.Session.RemoteEndPoint?.Address;
    }

    internal void Count(int bytes) => relay.Count(bytes);

    /// <summary>Takes memory for a window that grows by so much.</summary>
    internal bool TryGrow(int bytes)
    {
        lock (_gate)
        {
            if (_reserved == 0 || !relay.Memory.TryGrow(bytes))
                return false;
            _reserved += bytes;
            return true;
        }
    }

    /// <summary>Gives its memory back, once.</summary>
    internal void Release()
    {
        lock (_gate)
        {
            relay.Memory.Release(_reserved);
            _reserved = 0;
        }
    }

    /// <summary>Gives a sender credit, at once or when its turn comes.</summary>
    internal void Grant(RelayLeg sender, long limit) => relay.Grant(sender, limit);

    /// <summary>Neither half waits for credit any more.</summary>
    internal void ForgetPaced()
    {
        if (_first is not null)
            RelayPacer.Forget(_first.Paced);
        if (_second is not null)
            RelayPacer.Forget(_second.Paced);
    }

    /// <summary>Ends both halves at once.</summary>
    internal void Close(CircuitCode code)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return;
        _first?.Hop.Close(_first.Half, code, atOnce: true);
        _second?.Hop.Close(_second.Half, code, atOnce: true);
        relay.Ended(this, null);
    }

    /// <summary>One half is over: so is the other, once what is queued there has left, if it ended in order.</summary>
    internal void End(RelayLeg ended, CircuitCode code)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return;
        var other = ended == _first ? _second : _first;
        // Whoever broke a rule was told; the other end did nothing wrong.
        other?.Hop.Close(other.Half, code == CircuitCode.Misused ? CircuitCode.LinkLost : code, atOnce: code != CircuitCode.Normal);
        relay.Ended(this, other);
    }
}
