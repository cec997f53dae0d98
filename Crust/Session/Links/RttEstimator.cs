namespace Crust.Session.Links;

/// <summary>Smoothed round trip and its variation after RFC 6298 §2 (gains 1/8 and 1/4), from PONGs.</summary>
internal sealed class RttEstimator
{
    /// <summary>Samples of a period: <see cref="Shortest"/> is that of this one and the one before. Ours: a path that grew longer is believed after some heartbeats.</summary>
    private const int Period = 4;

    private TimeSpan _shortestBefore = TimeSpan.MaxValue;
    private TimeSpan _shortestNow = TimeSpan.MaxValue;
    private int _inPeriod;

    /// <summary>Null before the first sample.</summary>
    internal TimeSpan? Smoothed { get; private set; }

    internal TimeSpan Variation { get; private set; }

    internal TimeSpan? Latest { get; private set; }

    /// <summary>The shortest of the last samples, at least <see cref="Period"/>: the path's own, without the queues that we fill ourselves. Null before the first.</summary>
    internal TimeSpan? Shortest => Latest is null ? null : _shortestBefore < _shortestNow ? _shortestBefore : _shortestNow;

    internal void Add(TimeSpan sample)
    {
        Latest = sample;
        if (_inPeriod == Period)
            (_shortestBefore, _shortestNow, _inPeriod) = (_shortestNow, TimeSpan.MaxValue, 0);
        _inPeriod++;
        _shortestNow = sample < _shortestNow ? sample : _shortestNow;
        if (Smoothed is not { } smoothed)
        {
            Smoothed = sample;
            Variation = sample / 2;
            return;
        }

        Variation = Variation * 0.75 + (smoothed - sample).Duration() * 0.25;
        Smoothed = smoothed * 0.875 + sample * 0.125;
    }

    /// <summary>Another link is another path.</summary>
    internal void Reset()
    {
        Smoothed = null;
        Latest = null;
        (_shortestBefore, _shortestNow, _inPeriod) = (TimeSpan.MaxValue, TimeSpan.MaxValue, 0);
        Variation = default;
    }
}
