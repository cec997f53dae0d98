namespace Crust.Benchmarks;

/// <summary>One thing measured on both sides. A round runs ours, then the rival's; the figures are medians, the ratio is the median of the rounds' ratios.</summary>
/// <param name="Name">The case within its scenario.</param>
/// <param name="Rival">Who runs beside us.</param>
/// <param name="Metric">What is measured; more is better.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Ours">One run of ours: the figure.</param>
/// <param name="Theirs">One run of the rival's.</param>
internal sealed record BenchmarkCase(string Name, string Rival, string Metric, string Unit, Func<Task<double>> Ours, Func<Task<double>> Theirs)
{
    /// <summary>Runs an uncounted round, then the counted ones.</summary>
    internal async Task<BenchmarkResult> RunAsync(int rounds)
    {
        await Ours();
        await Theirs();
        var ours = new double[rounds];
        var theirs = new double[rounds];
        for (var i = 0; i < rounds; i++)
        {
            ours[i] = await Ours();
            theirs[i] = await Theirs();
        }

        return new BenchmarkResult(this, Median(ours), Median(theirs), Median([.. ours.Zip(theirs, (o, t) => o / t)]), rounds);
    }

    private static double Median(double[] values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
