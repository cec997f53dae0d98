using System.Diagnostics;

namespace Crust.Tests.Processes.Traffic;

/// <summary>Judges numbered messages as they arrive: the next one, or one that shows that something was lost, repeated or overtaken. One at a time.</summary>
internal sealed class ArrivalCounter
{
    private long _next;
    private long _lastAt;
    private long _longestTicks;
    private long _recentTicks;

    /// <summary>Messages that came.</summary>
    internal long Count => Volatile.Read(ref _next);

    /// <summary>Messages that were not the next.</summary>
    internal long OutOfTurn { get; private set; }

    /// <summary>The longest time between two.</summary>
    internal TimeSpan LongestGap => new(Interlocked.Read(ref _longestTicks));

    /// <summary>The longest time between two since this was last asked; what has not ended yet does not count. Thread safe.</summary>
    internal TimeSpan TakeLongestGap() => new(Interlocked.Exchange(ref _recentTicks, 0));

    internal void Handle(long number)
    {
        var now = Stopwatch.GetTimestamp();
        if (_lastAt != 0 && Stopwatch.GetElapsedTime(_lastAt, now).Ticks is var gap)
        {
            if (gap > Interlocked.Read(ref _longestTicks))
                Interlocked.Exchange(ref _longestTicks, gap);
            if (gap > Interlocked.Read(ref _recentTicks))
                Interlocked.Exchange(ref _recentTicks, gap);
        }

        _lastAt = now;
        if (number != _next)
            OutOfTurn++;
        Volatile.Write(ref _next, number + 1);
    }
}
