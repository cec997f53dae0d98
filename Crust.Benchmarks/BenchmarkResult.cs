using System.Globalization;
using System.Text.Json;

namespace Crust.Benchmarks;

/// <summary>Medians of a case; a ratio above 1 always means that Crust is better.</summary>
internal sealed record BenchmarkResult(BenchmarkCase Case, double Ours, double Theirs, double Ratio, int Rounds)
{
    /// <summary>One line for machines.</summary>
    internal string ToJson(string scenario) => JsonSerializer.Serialize(new
    {
        scenario,
        @case = Case.Name,
        rival = Case.Rival,
        metric = Case.Metric,
        ratio = Math.Round(Ratio, 3),
        ours = Math.Round(Ours, 4),
        theirs = Math.Round(Theirs, 4),
        unit = Case.Unit,
        rounds = Rounds,
    });

    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Case.Name}: {Case.Metric} {Ours:0.###} {Case.Unit}, {Case.Rival} {Theirs:0.###} {Case.Unit}, ratio {Ratio:0.00} (median of {Rounds} rounds){Remark}");

    private string Remark => Case.Remark is { } remark ? "; " + remark() : "";
}
