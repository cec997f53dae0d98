namespace Crust.Benchmarks;

/// <summary>One thing measured on both sides. A round runs ours, then the rival's; the figures are medians, the ratio is the median of the rounds' ratios.</summary>
/// <param name="Name">The case within its scenario.</param>
/// <param name="Rival">Who runs beside us.</param>
/// <param name="Metric">What is measured; more is better, unless <see cref="LessIsBetter"/>.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Ours">One run of ours: the figure.</param>
/// <param name="Theirs">One run of the rival's.</param>
internal sealed record BenchmarkCase(string Name, string Rival, string Metric, string Unit, Func<Task<double>> Ours, Func<Task<double>> Theirs)
{
    /// <summary>True when the smaller figure wins: a cost. The ratio is turned round then.</summary>
    internal bool LessIsBetter { get; init; }

    /// <summary>True when every round brings its own processes: uncounted rounds would warm nothing.</summary>
    internal bool IsAlwaysCold { get; init; }

    /// <summary>True when it takes so long that it runs only where it is named.</summary>
    internal bool IsOnRequest { get; init; }

    /// <summary>More rounds would say the same: what is counted does not vary.</summary>
    internal int MaxRounds { get; init; } = int.MaxValue;

    /// <summary>What people should also know of the last rounds, one line; machines do not get it.</summary>
    internal Func<string>? Remark { get; init; }

    /// <summary>Rounds before the counted ones: the runtime compiles what runs often once more, on the processor that is measured, for some seconds.</summary>
    private const int WarmUps = 4;

    /// <summary>Runs uncounted rounds where that helps, then the counted ones.</summary>
    internal async Task<BenchmarkResult> RunAsync(int rounds)
    {
        rounds = Math.Min(rounds, MaxRounds);
        for (var i = 0; i < WarmUps && !IsAlwaysCold; i++)
        {
            await Ours();
            await Theirs();
        }

        var ours = new double[rounds];
        var theirs = new double[rounds];
        for (var i = 0; i < rounds; i++)
        {
            ours[i] = await Ours();
            theirs[i] = await Theirs();
        }

        return new BenchmarkResult(this, Median(ours), Median(theirs), Median([.. ours.Zip(theirs, (o, t) => LessIsBetter ? t / o : o / t)]), rounds);
    }

    private static double Median(double[] values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
