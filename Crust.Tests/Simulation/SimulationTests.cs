using System.Collections.Concurrent;
using System.Diagnostics;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Simulation;

/// <summary>
/// Every seed tells a story of nodes that talk over a network that fails, and every promise of the session holds in it. <c>CRUST_SEEDS</c> says how many
/// (200 unless said, and as many in one case), <c>CRUST_FIRST_SEED</c> where to begin, <c>CRUST_SEED</c> tells a single one, with its trace.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    /// <summary>The test that tells seeds, as the runner names it.</summary>
    internal const string Method = $"{nameof(Crust)}.{nameof(Tests)}.{nameof(Simulation)}.{nameof(SimulationTests)}.{nameof(EverySeed_KeepsEveryPromise)}";

    public static TheoryData<ulong, int> Cases => Seeds.Cases;

    [Theory]
    [MemberData(nameof(Cases))]
    public void EverySeed_KeepsEveryPromise(ulong first, int count)
    {
        if (Seeds.Single is { } single)
        {
            Replay(single);
            return;
        }

        var failures = new ConcurrentDictionary<ulong, string>();
        var stories = new ConcurrentBag<Story>();
        Parallel.For(0, count, (index, loop) =>
        {
            var seed = first + (ulong)index;
            try
            {
                stories.Add(new Simulation(seed).Run());
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
            $"{stories.Count} seeds from {first} on: {stories.Sum(s => s.Sessions)} session ends, {stories.Sum(s => s.Delivered)} messages, {stories.Sum(s => s.Statements)} statements, "
            + $"{stories.Sum(s => s.Exported)} exports verified, {stories.Sum(s => s.Faults)} faults, {stories.Sum(s => s.Events)} events; "
            + $"healed within {stories.Select(s => s.Healing).DefaultIfEmpty().Max().TotalSeconds} s");
        if (!failures.IsEmpty)
            Assert.Fail(Report(failures.Keys.Min(), failures[failures.Keys.Min()]));
    }

    [Theory]
    [InlineData(3UL)]
    [InlineData(11UL)]
    public void ASeed_TellsTheSameStoryAgain(ulong seed) => new Simulation(seed, isTraced: true).Run().Should().Be(new Simulation(seed).Run());

    [Fact]
    public void AFailure_IsToldWithSeedReplayCommandAndTrace()
    {
        var lines = Report(17, "it failed").Split('\n');
        lines[0].Should().StartWith("seed=17 (").And.Contain("it failed");
        lines[1].Should().Be($"replay: {ReplayCommand(17)}");
        lines.Should().HaveCountGreaterThan(50);
    }

    [Fact]
    public async Task TheReplayCommand_TellsThatSeedAndNoOther()
    {
        var command = ReplayCommand(17).Split(' ');
        command[1..6].Should().Equal("dotnet", "run", "--project", "Crust.Tests", "--");
        // As the command has it, but for the build.
        var start = new ProcessStartInfo("dotnet", [typeof(SimulationTests).Assembly.Location, .. command[6..], "-noColor", "-showLiveOutput"]) { RedirectStandardOutput = true };
        var variable = command[0].Split('=');
        start.Environment[variable[0]] = variable[1];
        using var process = Process.Start(start)!;
        var told = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.Should().Be(0, told);
        told.Should().Contain($"seed=17: {new Simulation(17).Run()}").And.Contain("Total: 1,");
    }

    private static string ReplayCommand(ulong seed) => $"CRUST_SEED={seed} dotnet run --project Crust.Tests -- -method {Method}";

    /// <summary>The seed again, now with its trace.</summary>
    private static string Report(ulong seed, string why)
    {
        var again = new Simulation(seed, isTraced: true);
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

        return $"seed={seed} ({again.Scenario}): {why}\nreplay: {ReplayCommand(seed)}\n{string.Join('\n', again.World.Trace)}";
    }

    private void Replay(ulong seed)
    {
        try
        {
            output.WriteLine($"seed={seed}: {new Simulation(seed).Run()}");
        }
#pragma warning disable CA1031 // An exception of the product is a failure of the seed like any other.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Assert.Fail(Report(seed, e is SimulationException ? e.Message : e.ToString()));
        }
    }
}
