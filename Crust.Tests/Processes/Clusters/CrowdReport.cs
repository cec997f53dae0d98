using System.Diagnostics;
using System.Text.Json;

namespace Crust.Tests.Processes.Clusters;

/// <summary>What became of a crowd's requests so far.</summary>
/// <param name="Pings">Answered within 5 s.</param>
/// <param name="LookUps">Answered within 5 s, and found.</param>
/// <param name="SlowestPingMs">Of those.</param>
/// <param name="SlowestLookUpMs">Of those.</param>
/// <param name="Failures">Not answered in 5 s, or refused; each with the moment (a timestamp) when it began.</param>
/// <param name="LatePings">Pings that failed and were answered after all.</param>
/// <param name="OutOfTurn">Numbers that were lost, came twice or in the wrong order.</param>
/// <param name="EndedSessions">Why connections ended that were to stay.</param>
/// <param name="Gateways">Since when (timestamps) peers are attached to each gateway, by its id; an empty one for those who are attached nowhere.</param>
public sealed record CrowdReport(
    long Pings, long LookUps, double SlowestPingMs, double SlowestLookUpMs, IReadOnlyList<(string Kind, string Why, long Started)> Failures, long LatePings, long OutOfTurn, IReadOnlyList<string> EndedSessions,
    IReadOnlyDictionary<string, IReadOnlyList<long>> Gateways)
{
    /// <summary>Requests of a kind that began after a moment and failed.</summary>
    public int Failed(string kind, long since) => Failures.Count(f => f.Kind == kind && f.Started >= since);

    /// <summary>How long after a moment the last request of a kind began that then failed; zero when none did.</summary>
    public TimeSpan LastFailureBegan(string kind, long since) =>
        Failures.Where(f => f.Kind == kind && f.Started >= since).Select(f => Stopwatch.GetElapsedTime(since, f.Started)).DefaultIfEmpty().Max();

    /// <summary>For the one who reads the test's output.</summary>
    /// <param name="since">What failed before this moment is left out.</param>
    public string Tell(long since)
    {
        var why = string.Join(", ", Failures.Where(f => f.Started >= since).GroupBy(f => (f.Kind, f.Why)).Select(g => $"{g.Count()} {g.Key.Kind}: {g.Key.Why}, begun {Span(g.Select(f => f.Started))}"));
        return FormattableString.Invariant(
            $"{Pings} pings (slowest {SlowestPingMs:0} ms), {LookUps} look-ups (slowest {SlowestLookUpMs:0} ms); failed: {(why == "" ? "none" : why)}; {LatePings} pings answered late; {OutOfTurn} out of turn; {EndedSessions.Count} sessions ended {string.Join(", ", EndedSessions.Distinct())}");
        string Span(IEnumerable<long> started) =>
            FormattableString.Invariant($"{Stopwatch.GetElapsedTime(since, started.Min()).TotalSeconds:0.0} to {Stopwatch.GetElapsedTime(since, started.Max()).TotalSeconds:0.0} s after");
    }

    internal static CrowdReport Sum(IReadOnlyList<JsonElement> reports) => new(
        reports.Sum(r => Number(r, "answered", LoadTally.Ping)),
        reports.Sum(r => Number(r, "answered", LoadTally.LookUp)),
        reports.Max(r => Milliseconds(r, LoadTally.Ping)),
        reports.Max(r => Milliseconds(r, LoadTally.LookUp)),
        [.. reports.SelectMany(r => r.GetProperty("failures").EnumerateArray()).Select(f => (f.GetProperty("kind").GetString()!, f.GetProperty("why").GetString()!, f.GetProperty("started").GetInt64()))],
        reports.Sum(r => r.GetProperty("latePings").GetInt64()),
        reports.Sum(r => r.GetProperty("outOfTurn").GetInt64()),
        [.. reports.SelectMany(r => r.GetProperty("ended").EnumerateArray()).Select(e => e.GetString() ?? "")],
        reports.SelectMany(r => r.GetProperty("gateways").EnumerateObject()).GroupBy(g => g.Name).ToDictionary(g => g.Key, IReadOnlyList<long> (g) => [.. g.SelectMany(p => p.Value.EnumerateArray()).Select(t => t.GetInt64())]));

    private static long Number(JsonElement report, string what, string kind) => report.GetProperty(what).TryGetProperty(kind, out var value) ? value.GetInt64() : 0;

    private static double Milliseconds(JsonElement report, string kind) => report.GetProperty("slowestMs").TryGetProperty(kind, out var value) ? value.GetDouble() : 0;
}
