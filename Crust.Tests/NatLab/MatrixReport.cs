using System.Globalization;
using System.Text;

namespace Crust.Tests.NatLab;

/// <summary>Tables of what was seen in the lab, in Markdown: <c>Crust.Tests --nat-matrix JOURNAL [FILE]</c> prints them, or writes <c>docs/nat-matrix.md</c>. Medians where a cell ran more than once.</summary>
internal static class MatrixReport
{
    /// <summary>The word of the command line that asks for it.</summary>
    internal const string Verb = "--nat-matrix";

    private static readonly string[] Kinds = ["none", "firewall", "full-cone", "addr-restricted", "port-restricted", "linux", "symmetric-seq", "symmetric"];

    /// <summary>Makes the report of a journal, and writes it to a file or prints it.</summary>
    internal static int Run(string journal, string? file)
    {
        var results = CellResult.Read(journal);
        if (results.Count == 0)
        {
            Console.WriteLine($"No cell ran: {journal} has none.");
            return 1;
        }

        var report = Make(results);
        if (file is null)
            Console.WriteLine(report);
        else
            File.WriteAllText(file, report);
        return 0;
    }

    /// <summary>The whole text.</summary>
    internal static string Make(IReadOnlyList<CellResult> results)
    {
        var text = new StringBuilder();
        text.Append(
            """
            # Who reaches whom, and how fast

            What the NAT lab saw (`Crust.Tests/NatLab`): `crust ping` behind the one router calls `crust node` behind the other, with a silo and gateways between them; network namespaces, nftables, no added delay.
            A cell tells the path at the end, the time from the call to the first answer over whatever path there was (in brackets: in a process that had connected before, with `--full` five times a run), and the time from the call to the path
            that is not the relay. Medians, in milliseconds. `!` marks what is not as promised. `./test.sh` tries each cell once, four at a time; `--full` five times in a row, and those that need a spray 20 times, once the cluster has come to rest after its start.
            These are of one cell at a time, with the programs that `./test.sh` published, on a machine with nothing else to do:
            `CRUST_FULL=1 CRUST_PUBLISHED=$PWD/artifacts/published Crust.Tests/bin/Release/net10.0/Crust.Tests -namespace Crust.Tests.NatLab.Matrix -parallel none` and
            `dotnet Crust.Tests/bin/Release/net10.0/Crust.Tests.dll --nat-matrix artifacts/nat-matrix.jsonl docs/nat-matrix.md`.


            """);
        Table(text, "Nothing blocked", [.. results.Where(r => r.Table == "any")], Kinds);
        Table(text, "UDP blocked on both sides", [.. results.Where(r => r.Table == "udp-blocked")], Kinds[..6]);
        var other = results.Where(r => r.Table is not ("any" or "udp-blocked")).GroupBy(r => (r.First, r.Second)).ToList();
        if (other.Count > 0)
        {
            text.Append("## Other networks\n\n| caller | called | seen |\n|---|---|---|\n");
            foreach (var cell in other)
                text.Append(CultureInfo.InvariantCulture, $"| {cell.Key.First} | {cell.Key.Second} | {Cell([.. cell])} |\n");
            text.Append('\n');
        }

        return text.ToString();
    }

    private static void Table(StringBuilder text, string title, List<CellResult> results, string[] kinds)
    {
        if (results.Count == 0)
            return;
        text.Append(CultureInfo.InvariantCulture, $"## {title}\n\n| | {string.Join(" | ", kinds)} |\n|---|{string.Concat(kinds.Select(_ => "---|"))}\n");
        foreach (var row in kinds)
            text.Append(CultureInfo.InvariantCulture, $"| {row} | {string.Join(" | ", kinds.Select(column => Cell([.. results.Where(r => r.First == row && r.Second == column)])))} |\n");
        var tried = results.GroupBy(r => (r.First, r.Second)).ToList();
        text.Append(
            CultureInfo.InvariantCulture,
            $"\n{tried.Count} pairs: {tried.Count(c => c.All(r => r.Path.Length > 0))} connected, {tried.Count(c => c.All(r => r.Direct is not null && r.Path != "relayed"))} direct, {tried.Count(c => c.All(r => r.Holds))} as promised. " +
            $"First message {Median(results.Select(r => r.FirstMessage))} ({Median(Again(results))}) ms, in the slowest cell {Slowest(tried, r => [r.FirstMessage])} ({Slowest(tried, r => Again([r]))}), of all that had connected before 95 % within {Text(Percentile(Again(results), 0.95))} ms; " +
            $"direct path {Median(results.Select(r => r.Direct))} ms{Hard(results)}.\n\n");
    }

    private static string Cell(List<CellResult> runs)
    {
        if (runs.Count == 0)
            return "";
        var good = runs.Count(r => r.Holds);
        var paths = string.Join(" or ", runs.Select(r => r.Path.Length > 0 ? r.Path : "none").GroupBy(p => p).OrderByDescending(g => g.Count()).Select(g => g.Key));
        var mark = good == runs.Count ? "" : runs.Count == 1 ? "! " : string.Create(CultureInfo.InvariantCulture, $"! {good} of {runs.Count}: ");
        return $"{mark}{paths}, {Median(runs.Select(r => r.FirstMessage))} ({Median(Again(runs))}), {Median(runs.Select(r => r.Direct))}";
    }

    /// <summary>The largest median of a cell.</summary>
    private static string Slowest(IEnumerable<IEnumerable<CellResult>> cells, Func<CellResult, IEnumerable<double?>> values) => Text(cells.Select(cell => MedianOf(cell.SelectMany(values))).Max());

    private static IEnumerable<double?> Again(IEnumerable<CellResult> results) => results.SelectMany(r => r.Again).Cast<double?>();

    /// <summary>The direct path of pairs that need a prediction or a spray.</summary>
    private static string Hard(List<CellResult> results)
    {
        var hard = results.Where(r => r.Second.StartsWith("symmetric", StringComparison.Ordinal) && r.First is ("firewall" or "port-restricted" or "linux" or "symmetric-seq") && r.Direct is not null).ToList();
        return hard.Count == 0 ? "" : $", where it takes a prediction or a spray {Median(hard.Select(r => r.Direct))} ms";
    }

    private static string Median(IEnumerable<double?> values) => Text(MedianOf(values));

    /// <summary>The middle one, or between the two that are.</summary>
    private static double? MedianOf(IEnumerable<double?> values)
    {
        var sorted = values.OfType<double>().Order().ToList();
        return sorted.Count == 0 ? null : (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    /// <summary>What that part of them does not exceed.</summary>
    private static double? Percentile(IEnumerable<double?> values, double part)
    {
        var sorted = values.OfType<double>().Order().ToList();
        return sorted.Count == 0 ? null : sorted[(int)Math.Ceiling(sorted.Count * part) - 1];
    }

    private static string Text(double? value) => value?.ToString("0", CultureInfo.InvariantCulture) ?? "–";
}
