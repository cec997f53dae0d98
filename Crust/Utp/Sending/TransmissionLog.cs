namespace Crust.Utp.Sending;

/// <summary>
/// Transmissions in the order they were made: which packet each one carried. A packet that is sent again has a new transmission, so that order tells what was
/// lost, the second time too (as packet numbers do in RFC 9002 §2). Read from the front, each entry once.
/// </summary>
internal sealed class TransmissionLog
{
    private const int SmallCapacity = 16;

    private long[] _ring = [];

    /// <summary>The oldest transmission whose fate is open.</summary>
    internal uint First { get; private set; }

    /// <summary>The next one.</summary>
    internal uint Next { get; private set; }

    private int Count => unchecked((int)(Next - First));

    internal long this[uint transmission] => _ring[transmission & (uint)(_ring.Length - 1)];

    internal uint Add(long packetNumber)
    {
        if (Count == _ring.Length)
            Grow();
        _ring[Next & (uint)(_ring.Length - 1)] = packetNumber;
        return unchecked(Next++);
    }

    internal void RemoveFirst() => First = unchecked(First + 1);

    internal void Trim()
    {
        if (Count == 0)
            _ring = [];
    }

    private void Grow()
    {
        var larger = new long[Math.Max(SmallCapacity, _ring.Length * 2)];
        for (var transmission = First; transmission != Next; transmission = unchecked(transmission + 1))
            larger[transmission & (uint)(larger.Length - 1)] = this[transmission];
        _ring = larger;
    }
}
