namespace Crust.Utp.Congestion;

/// <summary>
/// The queueing delay without its noise (RFC 6817 §2.4.2, CURRENT_FILTER): the smallest sample of the last eighth to quarter of a round trip. What remains is
/// a queue that stands, and not the one that each train makes for itself. In microseconds.
/// </summary>
internal sealed class DelayFilter
{
    private const int PartsOfRoundTrip = 8;

    /// <summary>Above every sample, and far enough below the limit to be subtracted.</summary>
    private const int Nothing = int.MaxValue / 2;

    private int _newMin = Nothing, _oldMin = Nothing;
    private int _newMax, _oldMax;
    private int _newLow = Nothing, _oldLow = Nothing;
    private long _minEnds, _maxEnds;

    /// <summary>The standing queue; 0 before any sample.</summary>
    internal int Standing { get; private set; }

    /// <summary>The largest sample of the last one or two round trips.</summary>
    internal int Largest => Math.Max(_newMax, _oldMax);

    /// <summary>By how much the standing queue grew within the last one or two round trips.</summary>
    internal int Rise => Standing - Math.Min(_newLow, _oldLow);

    internal void Add(int delay, long rttMicroseconds, long nowMicroseconds)
    {
        if (nowMicroseconds >= _minEnds)
        {
            _minEnds = nowMicroseconds + (rttMicroseconds / PartsOfRoundTrip);
            (_oldMin, _newMin) = (_newMin, Nothing);
        }

        if (nowMicroseconds >= _maxEnds)
        {
            _maxEnds = nowMicroseconds + rttMicroseconds;
            (_oldMax, _newMax) = (_newMax, 0);
            (_oldLow, _newLow) = (_newLow, Nothing);
        }

        _newMin = Math.Min(_newMin, delay);
        _newMax = Math.Max(_newMax, delay);
        Standing = Math.Min(_newMin, _oldMin);
        _newLow = Math.Min(_newLow, Standing);
    }
}
