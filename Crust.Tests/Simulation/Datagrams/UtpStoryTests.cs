using System.Collections.Concurrent;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>
/// Every seed tells a story of µTP alone over a datagram network on which everything goes wrong, and every byte arrives as it was written. <c>CRUST_SEEDS</c> says how
/// many (200 unless said, and as many in one case), <c>CRUST_FIRST_SEED</c> where to begin, <c>CRUST_SEED</c> tells a single one.
/// </summary>
public sealed class UtpStoryTests(ITestOutputHelper output)
{
    /// <summary>The test that tells seeds, as the runner names it.</summary>
    internal const string Method = $"{nameof(Crust)}.{nameof(Tests)}.{nameof(Simulation)}.{nameof(Datagrams)}.{nameof(UtpStoryTests)}.{nameof(EverySeed_CarriesEveryByte)}";

    public static TheoryData<ulong, int> Cases => Seeds.Cases;

    [Theory]
    [MemberData(nameof(Cases))]
    [Trait("speed", "slow")]
    public void EverySeed_CarriesEveryByte(ulong first, int count)
    {
        if (Seeds.Single is { } single)
        {
            Replay(single);
            return;
        }

        var failures = new ConcurrentDictionary<ulong, string>();
        var stories = new ConcurrentBag<UtpOutcome>();
        Parallel.For(0, count, (index, loop) =>
        {
            var seed = first + (ulong)index;
            try
            {
                stories.Add(new UtpStory(seed).Run());
            }
#pragma warning disable CA1031 // An exception of the product is a failure of the seed like any other.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failures[seed] = e is SimulationException ? e.Message : e.ToString();
                loop.Break();
            }
        });

        output.WriteLine(
            $"{stories.Count} seeds from {first} on: {stories.Sum(s => s.Conversations)} conversations, {stories.Sum(s => s.Whole)} of them had to end well, {stories.Sum(s => s.Bytes)} bytes, "
            + $"{stories.Sum(s => s.Datagrams)} datagrams, {stories.Sum(s => s.Faults)} faults, {stories.Sum(s => s.Events)} events");
        if (!failures.IsEmpty)
            Assert.Fail(Report(failures.Keys.Min(), failures[failures.Keys.Min()]));
    }

    /// <summary>
    /// What seeds beyond the usual ones found: a queue no longer than a few parts lost the same part each time; parts of the first packet did not say whose they were; a RESET with a number that was long
    /// acknowledged counted.
    /// </summary>
    [Theory]
    [InlineData(444UL)]
    [InlineData(999UL)]
    [InlineData(2012UL)]
    public void ASeedThatFoundSomething_CarriesEveryByte(ulong seed) => Replay(seed);

    [Theory]
    [InlineData(3UL)]
    [InlineData(11UL)]
    public void ASeed_TellsTheSameStoryAgain(ulong seed) => new UtpStory(seed, isTraced: true).Run().Should().Be(new UtpStory(seed).Run());

    [Fact]
    public void AFailure_IsToldWithSeedAndReplayCommand() =>
        Report(5, "it failed").Should().StartWith("seed=5 (").And.Contain("it failed").And.Contain("\nreplay: CRUST_SEED=5 dotnet run --project Crust.Tests -- -method " + Method);

    /// <summary>The seed again, now with its trace.</summary>
    private static string Report(ulong seed, string why)
    {
        var again = new UtpStory(seed, isTraced: true);
        try
        {
            again.Run();
            why += " (and not when told again: something in it is not of the seed)";
        }
#pragma warning disable CA1031 // The failure that is being reported.
        catch (Exception)
#pragma warning restore CA1031
        {
            // As expected.
        }

        return $"seed={seed} ({again}): {why}\nreplay: CRUST_SEED={seed} dotnet run --project Crust.Tests -- -method {Method}\n{string.Join('\n', again.World.Trace)}";
    }

    private void Replay(ulong seed)
    {
        try
        {
            output.WriteLine($"seed={seed}: {new UtpStory(seed).Run()}");
        }
#pragma warning disable CA1031 // An exception of the product is a failure of the seed like any other.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Assert.Fail(Report(seed, e is SimulationException ? e.Message : e.ToString()));
        }
    }
}
