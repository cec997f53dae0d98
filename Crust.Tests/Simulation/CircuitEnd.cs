using Crust.Session.Circuits;

namespace Crust.Tests.Simulation;

/// <summary>A node's end of a <see cref="RelayedLink"/>: what the product's link does around a circuit.</summary>
internal sealed class CircuitEnd(World world, RelayedLink link, SimulatedHop hop, Circuit circuit) : ICircuitUser
{
    /// <summary>As the product's: a writer waits from here on.</summary>
    private const int MaxQueued = 128 << 10;

    /// <summary>The same: how long what was written may take to leave after the end.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    private readonly Queue<byte[]> _arrived = new();
    private bool _isReadDue;
    private bool _isFull;
    private bool _isEnded;
    private bool _isClosed;
    private long _consumed;

    /// <summary>Null until somebody comes, and when he has gone.</summary>
    internal ILinkReader? Reader { get; set; }

    internal bool HasRoom => circuit.Queue.Length <= MaxQueued;

    internal void Write(ReadOnlySpan<byte> bytes)
    {
        if (_isClosed || _isEnded)
            return;
        hop.Append(circuit, bytes);
        _isFull |= !HasRoom;
    }

    internal void Close(bool atOnce)
    {
        if (_isClosed && !atOnce)
            return;
        _isClosed = true;
        Reader = null;
        hop.Close(circuit, CircuitCode.Normal, atOnce);
        if (!atOnce)
            world.After(Linger, () => Close(atOnce: true));
    }

    void ICircuitUser.HandleReceived(ReadOnlySpan<byte> data)
    {
        if (_isEnded)
            throw new SimulationException($"link {link.Number}: bytes came after the circuit's end");
        if (_arrived.Sum(static a => (long)a.Length) + data.Length > CircuitLimits.InitialWindow)
            throw new SimulationException($"link {link.Number}: more bytes wait than the credit allows");
        _arrived.Enqueue(data.ToArray());
        Due();
    }

    void ICircuitUser.HandleProgress()
    {
        if (!_isFull || !HasRoom)
            return;
        _isFull = false;
        world.Soon(() => Reader?.RoomAgain());
    }

    void ICircuitUser.HandleEnded(CircuitCode code)
    {
        if (_isEnded)
            throw new SimulationException($"link {link.Number}: a circuit ended twice");
        world.Log($"link {link.Number}: the circuit ended, {code}");
        if (code == CircuitCode.Misused)
            throw new SimulationException($"link {link.Number}: honest ends broke the rules of circuits");
        _isEnded = true;
        link.Ended();
        Due();
    }

    private void Due()
    {
        if (_isReadDue)
            return;
        _isReadDue = true;
        // A reader that is busy, now and then.
        world.After(world.Random.Chance(0.1) ? world.UpTo(TimeSpan.FromMilliseconds(100)) : TimeSpan.Zero, Read);
    }

    private void Read()
    {
        _isReadDue = false;
        while (_arrived.TryDequeue(out var bytes))
        {
            _consumed += bytes.Length;
            world.Mark((ulong)bytes.Length);
            Reader?.Arrived(bytes);
        }

        if (_isEnded)
            Reader?.Ended();
        else if (!_isClosed && circuit.Granted - _consumed <= CircuitLimits.InitialWindow / 2)
            hop.Grant(circuit, _consumed + CircuitLimits.InitialWindow);
    }
}
