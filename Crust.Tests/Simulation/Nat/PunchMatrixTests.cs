using System.Collections.Concurrent;
using Crust.Nat.HolePunching;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Simulation.Nat;

/// <summary>
/// The matrix of NAT pairs on virtual time, every cell in both directions and with many seeds: four of each cell, and with <c>CRUST_SEEDS</c> one for every 50 of them.
/// <c>CRUST_FIRST_SEED</c> says where to begin.
/// </summary>
public sealed class PunchMatrixTests(ITestOutputHelper output)
{
    private const int OfEach200 = 4;

    private static readonly NatKind[] Kinds = Enum.GetValues<NatKind>();

    public static TheoryData<string, string> Cells => [.. Kinds.SelectMany(left => Kinds.Select(right => (left.ToString(), right.ToString())))];

    [Theory]
    [MemberData(nameof(Cells))]
    public void EveryCell_IsDirectWherePhysicsAllows(string left, string right)
    {
        var (one, other) = (Enum.Parse<NatKind>(left), Enum.Parse<NatKind>(right));
        var outcomes = new ConcurrentBag<(ulong Seed, PunchOutcome Outcome)>();
        Parallel.For(0, Seeds.Share(OfEach200), index =>
        {
            var seed = Seeds.First + (ulong)index;
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
}
