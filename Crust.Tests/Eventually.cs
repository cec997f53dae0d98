using System.Diagnostics;
using FluentAssertions;
using Xunit;

namespace Crust.Tests;

/// <summary>The one way in which tests wait for what other threads or processes do: a condition, polled, with a deadline.</summary>
internal static class Eventually
{
    /// <summary>For what takes milliseconds unless it hangs.</summary>
    internal static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <summary>Ends once the condition holds and returns how long that took; fails the test at the deadline.</summary>
    internal static async Task<TimeSpan> HoldsAsync(Func<bool> condition, string because, TimeSpan? deadline = null)
    {
        var start = Stopwatch.GetTimestamp();
        using var poll = new PeriodicTimer(Interval);
        while (!condition())
        {
            Stopwatch.GetElapsedTime(start).Should().BeLessThan(deadline ?? Soon, because);
            await poll.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>The same for what must be asked: ends with the first answer that fits; fails the test at the deadline, with the last answer.</summary>
    internal static async Task<T> HoldsAsync<T>(Func<Task<T>> probe, Func<T, bool> condition, string because, TimeSpan? deadline = null)
    {
        var start = Stopwatch.GetTimestamp();
        using var poll = new PeriodicTimer(Interval * 10);
        while (true)
        {
            var last = await probe();
            if (condition(last))
                return last;
            Stopwatch.GetElapsedTime(start).Should().BeLessThan(deadline ?? Soon, $"{because} (last seen: {last})");
            await poll.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
