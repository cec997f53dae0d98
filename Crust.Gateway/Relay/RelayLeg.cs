using Crust.Session.Circuits;
using Crust.Session.Circuits.Driver;

namespace Crust.Gateway.Relay;

/// <summary>
/// One half of a circuit through a gateway: the one towards the caller, or the one towards the callee. What arrives on a half is queued on the other at once;
/// its sender gets no more credit than the receiver gave, and no more than may wait here. What concerns one half comes from its hop's threads, one at a time.
/// </summary>
internal sealed class RelayLeg(RelayCircuit circuit, CircuitHop hop, Circuit half) : ICircuitUser
{
    private RelayLeg? _other;
    private PacedSender? _paced;

    internal CircuitHop Hop => hop;

    internal Circuit Half => half;

    internal RelayCircuit Circuit => circuit;

    /// <summary>Its sender's place in the relay's turns.</summary>
    internal PacedSender Paced => _paced ??= new PacedSender(hop.Remote, this) { Given = CircuitLimits.InitialWindow };

    /// <summary>Most bytes that may wait to be written on this half.</summary>
    internal int Window { get; private set; } = CircuitLimits.InitialWindow;

    /// <summary>Joins both halves, before anything arrives on the second.</summary>
    internal static void Join(RelayLeg caller, RelayLeg callee)
    {
        caller._other = callee;
        callee._other = caller;
    }

    /// <inheritdoc/>
    public void HandleReceived(ReadOnlySpan<byte> data)
    {
        if (_other is not { } other)
            return;
        circuit.Count(data.Length);
        other.Hop.Append(other.Half, data);
        if (half.Kind == CircuitKind.Control && half.Received >= CircuitLimits.ControlBytes)
            circuit.Close(CircuitCode.Exhausted);
    }

    /// <inheritdoc/>
    public void HandleProgress() => _other?.GiveCredit(this);

    /// <inheritdoc/>
    public void HandleEnded(CircuitCode code) => circuit.End(this, code);

    /// <summary>Lets the sender on this half go on, as far as the other half lets it be passed on.</summary>
    private void GiveCredit(RelayLeg onward)
    {
        var receiver = onward.Half.SendLimit;
        var here = onward.Half.Sent + onward.Window;
        if (here < receiver && half.Granted - half.Received < onward.Window / 4 && onward.Window < CircuitLimits.MaxGatewayWindow && circuit.TryGrow(onward.Window))
        {
            onward.Window *= 2;
            here = onward.Half.Sent + onward.Window;
        }

        var limit = Math.Min(receiver, here);
        if (half.Kind == CircuitKind.Control)
            limit = Math.Min(limit, CircuitLimits.ControlBytes);
        // What the receiver gives is passed on whole; what we give ourselves, in steps. Behind the pacer a sender may have been given less yet.
        if (limit == receiver ? limit > half.Granted : limit - half.Granted >= onward.Window / 4)
            circuit.Grant(this, limit);
    }
}
