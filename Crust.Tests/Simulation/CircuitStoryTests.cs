using FluentAssertions;
using Xunit;

namespace Crust.Tests.Simulation;

/// <summary>That the stories with relays tell of circuits: sessions begin on them, move away and back, and from relay to relay.</summary>
public sealed class CircuitStoryTests(ITestOutputHelper output)
{
    /// <summary>Of every run's seeds, some with relays, of several kinds.</summary>
    private static readonly ulong[] Seeds = [4, 13, 18, 22, 27, 31, 36, 54];

    [Fact]
    public void EveryFifthStory_HasRelays_OverAllKinds_WithDatagramsAndWithout()
    {
        var scenarios = Enumerable.Range(1, 200).Select(static seed => Scenario.Draw(new World((ulong)seed, isTraced: false))).ToList();

        scenarios.Count(static s => s.Relays > 0).Should().Be(40);
        scenarios.Where(static s => s.Relays > 0).Select(static s => s.Kind).Distinct().Should().HaveCount(Enum.GetValues<ScenarioKind>().Length);
        scenarios.Where(static s => s.Relays > 0).Select(static s => s.HasDatagrams).Distinct().Should().HaveCount(2);
    }

    [Fact]
    [Trait("speed", "slow")]
    public void SessionsBeginOnCircuits_MoveToDirectLinks_AndBack_AndToTheOtherRelay()
    {
        var all = new CircuitMoves[Seeds.Length];
        Parallel.For(0, Seeds.Length, i =>
        {
            var simulation = new Simulation(Seeds[i]);
            simulation.Scenario.Relays.Should().Be(2);
            simulation.Run();
            all[i] = simulation.Moves;
        });

        output.WriteLine(string.Join('\n', all.Select((m, i) => $"seed {Seeds[i]}: begun {m.Begun}, up {m.Up}, back {m.Back}, to another circuit {m.Over}, of another relay {m.Taken}")));
        all.Sum(static m => m.Begun).Should().BeGreaterThan(4);
        all.Sum(static m => m.Up).Should().BeGreaterThan(4);
        all.Sum(static m => m.Back).Should().BeGreaterThan(4);
        all.Sum(static m => m.Taken).Should().BeGreaterThan(0);
    }
}
