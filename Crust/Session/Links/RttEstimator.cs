namespace Crust.Session.Links;

/// <summary>Smoothed round trip and its variation after RFC 6298 §2 (gains 1/8 and 1/4), from PONGs.</summary>
internal sealed class RttEstimator
{
    /// <summary>Null before the first sample.</summary>
    internal TimeSpan? Smoothed { get; private set; }

    internal TimeSpan Variation { get; private set; }

    internal TimeSpan? Latest { get; private set; }

    internal void Add(TimeSpan sample)
    {
        Latest = sample;
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
        Variation = default;
    }
}
