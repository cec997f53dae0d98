using System.Collections.Concurrent;
using System.Globalization;
using Crust.Nat.HolePunching;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Simulation.Nat;

/// <summary>
/// The matrix of NAT pairs on virtual time, every cell in both directions and with many seeds. <c>CRUST_SEEDS</c> says how many for each cell (4 unless said: 256 stories),
/// <c>CRUST_FIRST_SEED</c> where to begin.
/// </summary>
public sealed class PunchMatrixTests(ITestOutputHelper output)
{
    private const int DefaultSeeds = 4;

    private static readonly NatKind[] Kinds = Enum.GetValues<NatKind>();

    [Fact]
    public void EveryCell_IsDirectWherePhysicsAllows()
    {
        var first = Number("CRUST_FIRST_SEED") ?? 1;
        var count = Number("CRUST_SEEDS") ?? DefaultSeeds;
        var cells = Kinds.SelectMany(left => Kinds.Select(right => (Left: left, Right: right))).ToList();
        var outcomes = new ConcurrentBag<(NatKind Left, NatKind Right, ulong Seed, PunchOutcome Outcome)>();
        Parallel.ForEach(cells, cell =>
        {
            for (var seed = first; seed < first + count; seed++)
                outcomes.Add((cell.Left, cell.Right, seed, new PunchStory(seed, cell.Left, cell.Right).Run()));
        });

        var failures = new List<string>();
        foreach (var cell in cells)
        {
            var told = outcomes.Where(o => (o.Left, o.Right) == cell).ToList();
            var direct = told.Where(o => o.Outcome.IsDirect).ToList();
            var expected = IsDirect(cell.Left, cell.Right);
            var times = direct.Select(o => o.Outcome.Time.TotalMilliseconds).Order().ToList();
            output.WriteLine(
                $"{cell.Left,-20} {cell.Right,-20} {direct.Count,4}/{told.Count} direct, median {(times.Count == 0 ? 0 : times[times.Count / 2]),6:F0} ms, "
                + $"longest {(times.Count == 0 ? 0 : times[^1]),6:F0} ms, attempts {told.Average(o => o.Outcome.Attempts):F2}, {told[0].Outcome.Failure}");
            failures.AddRange(told.Where(o => o.Outcome.IsDirect != expected)
                .Select(o => $"{o.Left} with {o.Right}, seed {o.Seed}: {o.Outcome}"));
        }

        failures.Should().BeEmpty();
    }

    internal static bool IsDirect(NatKind left, NatKind right) => (left, right) switch
    {
        (NatKind.Symmetric, NatKind.Symmetric or NatKind.SymmetricSequential) or (NatKind.SymmetricSequential, NatKind.Symmetric) => false,
        _ => true,
    };

    private static ulong? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? ulong.Parse(text, CultureInfo.InvariantCulture) : null;
}
