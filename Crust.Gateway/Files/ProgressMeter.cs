namespace Crust.Gateway.Files;

/// <summary>
/// How fast a transfer goes and how long it will take. The rate is smoothed over about 3 s, so that the remaining time does not jump; what was
/// there already before this connection does not count as fast. One thread at a time.
/// </summary>
internal sealed class ProgressMeter
{
    /// <summary>After this long, 63 % of the shown rate is new.</summary>
    private static readonly TimeSpan Smoothing = TimeSpan.FromSeconds(3);

    private TimeSpan? _at;
    private long _bytes;

    /// <summary>Bytes a second; 0 until there was time to tell.</summary>
    internal double Rate { get; private set; }

    /// <summary>A new beginning: so many bytes are there already.</summary>
    internal void Start(TimeSpan at, long bytes)
    {
        _at = at;
        _bytes = bytes;
        Rate = 0;
    }

    /// <summary>So many bytes are there now.</summary>
    internal void Observe(TimeSpan at, long bytes)
    {
        if (_at is not { } last)
        {
            Start(at, bytes);
            return;
        }

        if (at <= last)
            return;
        var elapsed = at - last;
        var rate = Math.Max(0, bytes - _bytes) / elapsed.TotalSeconds;
        Rate = Rate == 0 ? rate : Rate + ((rate - Rate) * (1 - Math.Exp(-elapsed / Smoothing)));
        _at = at;
        _bytes = bytes;
    }

    /// <summary>How long it will take from here; null while nobody can tell.</summary>
    internal TimeSpan? Remaining(long total) => Rate < 1 ? null : TimeSpan.FromSeconds(Math.Min((total - _bytes) / Rate, TimeSpan.FromDays(99).TotalSeconds));
}
