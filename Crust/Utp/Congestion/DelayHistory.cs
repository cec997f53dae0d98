namespace Crust.Utp.Congestion;

/// <summary>
/// One-way delays, and the smallest of the last minutes (RFC 6817 §2.4.2, update_base_delay). The other side's clock has another origin: only differences mean anything,
/// and they wrap at 2^32 µs.
/// </summary>
internal sealed class DelayHistory
{
    /// <summary>RFC 6817's BASE_HISTORY, in slots.</summary>
    private const int Slots = 10;

    /// <summary>RFC 6817: a slot is a minute. Ours is shorter, as the periodic slowdown shows the empty path often: clocks that run apart do less harm.</summary>
    private const long SlotMicroseconds = 20_000_000;

    private readonly uint[] _slots = new uint[Slots];
    private int _current;
    private long _slotEnd;
    private bool _hasSample;

    /// <summary>The smallest delay of the history; means something after the first sample.</summary>
    internal uint Base { get; private set; }

    /// <summary>Takes a one-way delay, and returns what it is beyond the smallest.</summary>
    internal int Add(uint delay, long nowMicroseconds)
    {
        unchecked
        {
            if (!_hasSample)
            {
                _hasSample = true;
                Array.Fill(_slots, delay);
                Base = delay;
                _slotEnd = nowMicroseconds + SlotMicroseconds;
            }
            else if (nowMicroseconds >= _slotEnd)
            {
                _slotEnd = nowMicroseconds + SlotMicroseconds;
                _current = (_current + 1) % Slots;
                _slots[_current] = delay;
                Base = delay;
                foreach (var slot in _slots)
                {
                    if ((int)(slot - Base) < 0)
                        Base = slot;
                }
            }

            if ((int)(delay - _slots[_current]) < 0)
                _slots[_current] = delay;
            if ((int)(delay - Base) < 0)
                Base = delay;
            return (int)(delay - Base);
        }
    }
}
