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

    public static TheoryData<string, string> Cells => [.. Kinds.SelectMany(left => Kinds.Select(right => (left.ToString(), right.ToString())))];

    [Theory]
    [MemberData(nameof(Cells))]
    public void EveryCell_IsDirectWherePhysicsAllows(string left, string right)
    {
        var (one, other) = (Enum.Parse<NatKind>(left), Enum.Parse<NatKind>(right));
        var first = Number("CRUST_FIRST_SEED") ?? 1;
        var outcomes = new ConcurrentBag<(ulong Seed, PunchOutcome Outcome)>();
        Parallel.For(0, (long)(Number("CRUST_SEEDS") ?? DefaultSeeds), index =>
        {
            var seed = first + (ulong)index;
            outcomes.Add((seed, new PunchStory(seed, one, other).Run()));
        });

        var told = outcomes.OrderBy(o => o.Seed).ToList();
        var times = told.Where(o => o.Outcome.IsDirect).Select(o => o.Outcome.Time.TotalMilliseconds).Order().ToList();
        output.WriteLine(
            $"{left,-20} {right,-20} {times.Count,4}/{told.Count} direct, median {(times.Count == 0 ? 0 : times[times.Count / 2]),6:F0} ms, "
            + $"longest {(times.Count == 0 ? 0 : times[^1]),6:F0} ms, attempts {told.Average(o => o.Outcome.Attempts):F2}, {told[0].Outcome.Failure}");
        var expected = IsDirect(one, other);
        told.Where(o => o.Outcome.IsDirect != expected).Select(o => $"{left} with {right}, seed {o.Seed}: {o.Outcome}").Should().BeEmpty();
    }

    internal static bool IsDirect(NatKind left, NatKind right) => (left, right) switch
    {
        (NatKind.Symmetric, NatKind.Symmetric or NatKind.SymmetricSequential) or (NatKind.SymmetricSequential, NatKind.Symmetric) => false,
        _ => true,
    };

    private static ulong? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? ulong.Parse(text, CultureInfo.InvariantCulture) : null;
}
