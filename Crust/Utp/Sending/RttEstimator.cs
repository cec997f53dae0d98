namespace Crust.Utp.Sending;

/// <summary>Round-trip time and retransmission timeout (RFC 6298 §2), in microseconds.</summary>
internal struct RttEstimator
{
    /// <summary>RFC 6298 §2.1: before any sample.</summary>
    internal const int InitialTimeoutMicroseconds = 1_000_000;

    /// <summary>Ours; RFC 6298 says 1 s. Lost tails are found by the probe timeout before, and a timeout that was wrong is undone.</summary>
    private const int MinTimeoutMicroseconds = 250_000;

    /// <summary>RFC 6298 §2.5 allows a bound of at least 60 s; ours is lower, so that a path that came back is used soon.</summary>
    private const int MaxTimeoutMicroseconds = 10_000_000;

    /// <summary>Smoothed round trip; 0 before any sample.</summary>
    internal int SmoothedMicroseconds { get; private set; }

    internal int VariationMicroseconds { get; private set; }

    /// <summary>The last sample.</summary>
    internal int LatestMicroseconds { get; private set; }

    /// <summary>The smallest sample ever; 0 before any.</summary>
    internal int MinMicroseconds { get; private set; }

    internal readonly bool HasSample => SmoothedMicroseconds > 0;

    /// <summary>Takes the round trip of a packet that was sent once (§3, Karn's rule).</summary>
    internal void AddSample(long microseconds)
    {
        var sample = (int)Math.Clamp(microseconds, 1, MaxTimeoutMicroseconds);
        LatestMicroseconds = sample;
        if (!HasSample)
        {
            SmoothedMicroseconds = sample;
            VariationMicroseconds = sample / 2;
            MinMicroseconds = sample;
            return;
        }

        MinMicroseconds = Math.Min(MinMicroseconds, sample);
        VariationMicroseconds += (Math.Abs(SmoothedMicroseconds - sample) - VariationMicroseconds) / 4;
        SmoothedMicroseconds = Math.Max(1, SmoothedMicroseconds + (sample - SmoothedMicroseconds) / 8);
    }

    /// <summary>The retransmission timeout after so many in a row (§2.2 to §2.5, §5.5).</summary>
    internal readonly long TimeoutMicroseconds(int backoff)
    {
        long timeout = HasSample
            ? Math.Max(MinTimeoutMicroseconds, SmoothedMicroseconds + Math.Max(1_000, 4L * VariationMicroseconds))
            : InitialTimeoutMicroseconds;
        return Math.Min(timeout << Math.Min(backoff, 10), Math.Max(timeout, MaxTimeoutMicroseconds));
    }
}
