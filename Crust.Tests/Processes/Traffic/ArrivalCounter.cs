using System.Diagnostics;

namespace Crust.Tests.Processes.Traffic;

/// <summary>Judges numbered messages as they arrive: the next one, or one that shows that something was lost, repeated or overtaken. One at a time.</summary>
internal sealed class ArrivalCounter
{
    private long _next;
    private long _lastAt;

    /// <summary>Messages that came.</summary>
    internal long Count => Volatile.Read(ref _next);

    /// <summary>Messages that were not the next.</summary>
    internal long OutOfTurn { get; private set; }

    /// <summary>The longest time between two.</summary>
    internal TimeSpan LongestGap { get; private set; }

    internal void Handle(long number)
    {
        var now = Stopwatch.GetTimestamp();
        if (_lastAt != 0 && Stopwatch.GetElapsedTime(_lastAt, now) is var gap && gap > LongestGap)
            LongestGap = gap;
        _lastAt = now;
        if (number != _next)
            OutOfTurn++;
        Volatile.Write(ref _next, number + 1);
    }
}
