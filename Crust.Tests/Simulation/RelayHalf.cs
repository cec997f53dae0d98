using Crust.Primitives;
using Crust.Session.Circuits;

namespace Crust.Tests.Simulation;

/// <summary>
/// A relay's half of a circuit, towards one end: what arrives is passed to the other half, with the product's rules of credit, unless the relay does what a bad or broken one can:
/// keep it for a while or for ever, alter it, end it.
/// </summary>
internal sealed class RelayHalf(World world, SimulatedHop hop, Circuit circuit) : ICircuitUser
{
    private readonly Queue<byte[]> _kept = new();
    private Instant _stalledUntil;
    private bool _swallows;
    private bool _alters;
    private bool _isOver;
    private long _passed;

    internal RelayHalf? Other { get; set; }

    /// <summary>The first byte from this end that was altered.</summary>
    internal long AlteredFrom { get; private set; } = long.MaxValue;

    public void HandleReceived(ReadOnlySpan<byte> data)
    {
        if (_swallows || _isOver)
            return;
        if (_kept.Count == 0 && _stalledUntil <= world.Now)
        {
            Pass(data);
            return;
        }

        _kept.Enqueue(data.ToArray());
        if (_kept.Sum(static k => (long)k.Length) > CircuitLimits.InitialWindow)
            throw new SimulationException("a relay was sent more than it gave credit for");
    }

    public void HandleProgress() => Other?.GiveCredit(this);

    public void HandleEnded(CircuitCode code)
    {
        _isOver = true;
        if (Other is { _isOver: false } other)
            other.End(code == CircuitCode.Normal ? CircuitCode.Normal : CircuitCode.LinkLost, atOnce: code != CircuitCode.Normal);
    }

    /// <summary>This half ends now, and its end is told.</summary>
    internal void Cut() => End(CircuitCode.LinkLost, atOnce: true);

    internal void Swallow() => _swallows = true;

    internal void Stall(Instant until)
    {
        if (until <= _stalledUntil)
            return;
        _stalledUntil = until;
        world.At(until, Release);
    }

    /// <summary>The next bytes are changed. False when some were before.</summary>
    internal bool TryAlter()
    {
        if (AlteredFrom != long.MaxValue)
            return false;
        return _alters = true;
    }

    private void Release()
    {
        if (_stalledUntil > world.Now)
            return;
        while (!_isOver && _kept.TryDequeue(out var bytes))
            Pass(bytes);
        _kept.Clear();
    }

    private void Pass(ReadOnlySpan<byte> data)
    {
        if (Other is not { _isOver: false } other)
            return;
        if (_alters)
        {
            _alters = false;
            var changed = data.ToArray();
            var index = world.Random.Next(changed.Length);
            changed[index] ^= (byte)(1 << world.Random.Next(8));
            AlteredFrom = _passed + index;
            data = changed;
        }

        _passed += data.Length;
        other.Append(data);
    }

    private void Append(ReadOnlySpan<byte> data)
    {
        hop.Append(circuit, data);
        if (circuit.Queue.Length > CircuitLimits.InitialWindow)
            throw new SimulationException($"{circuit.Queue.Length} bytes of one circuit wait at a relay");
    }

    private void End(CircuitCode code, bool atOnce)
    {
        if (_isOver)
            return;
        _isOver = true;
        hop.Close(circuit, code, atOnce);
        if (Other is { _isOver: false } other && atOnce && code == CircuitCode.LinkLost && world.Random.Chance(0.5))
            other.Cut();
    }

    /// <summary>Lets the sender at this end go on, as far as the other half lets it be passed on: the product's rule, without growing windows.</summary>
    private void GiveCredit(RelayHalf onward)
    {
        var receiver = onward.Limit;
        var limit = Math.Min(receiver, onward.Sent + CircuitLimits.InitialWindow);
        if (limit == receiver ? limit > circuit.Granted : limit - circuit.Granted >= CircuitLimits.InitialWindow / 4)
            hop.Grant(circuit, limit);
    }

    private long Limit => circuit.SendLimit;

    private long Sent => circuit.Sent;
}
