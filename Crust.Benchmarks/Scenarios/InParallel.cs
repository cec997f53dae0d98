using System.Diagnostics;

namespace Crust.Benchmarks.Scenarios;

/// <summary>Callers that each make one call after the other.</summary>
internal static class InParallel
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    /// <summary>Makes so many calls; returns calls a second.</summary>
    internal static async Task<double> RunAsync(int calls, int callers, Func<int, Task> call)
    {
        var next = -1;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < calls;)
                await call(i);
        })));
        return calls / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Makes calls for so long; returns calls a second. Calls are told their number.</summary>
    internal static async Task<double> RunAsync(TimeSpan duration, int callers, Func<int, Task> call)
    {
        var next = -1;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(started) < duration)
                await call(Interlocked.Increment(ref next) & int.MaxValue);
        })));
        return (next + 1) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>
    /// Begins calls at a steady rate, whether or not earlier ones were answered, a millisecond's at a time; returns how long each took from when it was due,
    /// sorted, in ms. So a stall counts for every call that was due meanwhile.
    /// </summary>
    internal static async Task<double[]> RunAtRateAsync(double callsPerSecond, TimeSpan duration, Func<int, Task> call)
    {
        var count = (int)(callsPerSecond * duration.TotalSeconds);
        var took = new double[count];
        var calls = new Task[count];
        var started = Stopwatch.GetTimestamp();
        using var tick = new PeriodicTimer(Tick);
        for (var begun = 0; begun < count && await tick.WaitForNextTickAsync();)
        {
            var millisecond = Math.Floor(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            for (var due = (int)Math.Min(count, millisecond * callsPerSecond / 1000); begun < due; begun++)
                calls[begun] = OneAsync(begun, Math.Ceiling((begun + 1) * 1000 / callsPerSecond));
        }

        await Task.WhenAll(calls);
        Array.Sort(took);
        return took;

        async Task OneAsync(int i, double due)
        {
            await call(i);
            took[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds - due;
        }
    }
}
