using System.Text.Json;
using Crust.Tests.Architecture;

namespace Crust.Tests.NatLab;

/// <summary>What was seen in a cell.</summary>
/// <param name="Table">Which table it belongs to.</param>
/// <param name="First">The kind of site that calls.</param>
/// <param name="Second">The kind that is called.</param>
/// <param name="Expected">What is promised.</param>
/// <param name="Path">The path at the end, as <c>crust ping</c> names it; empty when they did not connect.</param>
/// <param name="FirstMessage">Milliseconds from the call to the first answer, in a process that had not connected before; null when there was none.</param>
/// <param name="Again">The same in a process that had, one for each time.</param>
/// <param name="Direct">Milliseconds from the call to a path that is not the relay; null when there was none.</param>
internal sealed record CellResult(string Table, string First, string Second, Expected Expected, string Path, double? FirstMessage, IReadOnlyList<double> Again, double? Direct)
{
    private static readonly Lock Writing = new();

    /// <summary>Where results gather during a run of tests, one a line.</summary>
    internal static readonly string Journal = RepositoryRoot.PathOf(System.IO.Path.Combine("artifacts", "nat-matrix.jsonl"));

    /// <summary>Whether it is what is promised.</summary>
    internal bool Holds => Expected switch
    {
        Expected.Direct or Expected.DirectBySpray => Path.Length > 0 && Path != "relayed",
        Expected.DirectByTcp => Path.EndsWith("-tcp", StringComparison.Ordinal),
        Expected.DirectByUtp => Path.EndsWith("-utp", StringComparison.Ordinal),
        Expected.Mapped => Path.StartsWith("mapped-", StringComparison.Ordinal),
        _ => Path == "relayed",
    };

    /// <summary>Appends it to the journal.</summary>
    internal void Write()
    {
        lock (Writing)
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Journal)!);
            File.AppendAllText(Journal, JsonSerializer.Serialize(this) + "\n");
        }
    }

    /// <summary>Reads a journal; none when there is no such file.</summary>
    internal static IReadOnlyList<CellResult> Read(string journal) =>
        File.Exists(journal) ? [.. File.ReadLines(journal).Where(line => line.Length > 0).Select(line => JsonSerializer.Deserialize<CellResult>(line)!)] : [];
}
