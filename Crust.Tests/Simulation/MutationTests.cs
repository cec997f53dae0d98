using System.Diagnostics;
using System.Text.RegularExpressions;
using Crust.Tests.Architecture;
using Crust.Tests.Processes;
using Crust.Tests.Simulation.Datagrams;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Simulation;

/// <summary>
/// Who watches the simulator: bugs are planted in copies of the product's source, one at a time, and each must be found. Nothing in the product knows of
/// it. All of them with <c>CRUST_FULL=1</c>, a few otherwise.
/// </summary>
public sealed partial class MutationTests(ITestOutputHelper output)
{
    private const int Seeds = 200;

    /// <summary>Whether <c>./test.sh --full</c> runs, or somebody who wants the same.</summary>
    private static readonly bool IsFull = Environment.GetEnvironmentVariable("CRUST_FULL") == "1";

    private static readonly Mutant[] All = [.. Mutants.Planted, .. Mutants.Found, .. UtpMutants.Planted];

    /// <summary>Those of every run: a retransmit that is skipped, an old link that counts, a duplicate that is forgotten, and two of µTP. Found by the first seeds.</summary>
    private static readonly string[] Few = [.. Mutants.Planted.Take(3).Select(m => m.Name), "a RESET is not checked", "a cookie is not checked"];

    public static TheoryData<string> Names => [.. All.Select(m => m.Name).Where(name => IsFull || Few.Contains(name))];

    [Fact]
    public void AMutant_HasItsPlaceInTheSource()
    {
        All.Select(m => m.Name).Should().OnlyHaveUniqueItems();
        foreach (var mutant in All)
        {
            var text = File.ReadAllText(RepositoryRoot.PathOf($"Crust/{mutant.File}"));
            mutant.Apply(text).Should().NotBe(text, mutant.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("speed", "slow")]
    public async Task AMutant_IsFoundWithinTheSeedsOfEveryRun(string name)
    {
        var mutant = All.Single(m => m.Name == name);
        using var folder = new TemporaryFolder();
        var source = folder.PathOf("source");
        var tests = folder.PathOf("tests");
        CopySource(source);
        var file = Path.Combine(source, "Crust", mutant.File);
        await File.WriteAllTextAsync(file, mutant.Apply(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)), TestContext.Current.CancellationToken);
        var (built, log) = await RunAsync(
            source, [], "build", "Crust/Crust.csproj", "--configuration", "Release", "--disable-build-servers", "--verbosity", "quiet", "-p:RunAnalyzers=false",
            "-p:TreatWarningsAsErrors=false", "-p:MSBuildTreatWarningsAsErrors=false", "-p:GenerateDocumentationFile=false");
        built.Should().Be(0, log);

        Copy(AppContext.BaseDirectory, tests, _ => true);
        File.Copy(Path.Combine(source, "Crust/bin/Release/net10.0/Crust.dll"), Path.Combine(tests, "Crust.dll"), overwrite: true);
        var (code, told) = await RunAsync(
            tests, [("CRUST_SEEDS", $"{Seeds}"), ("CRUST_SEED", "")], "Crust.Tests.dll", "-noColor", "-method", UtpMutants.Planted.Contains(mutant) ? UtpStoryTests.Method : SimulationTests.Method);
        code.Should().NotBe(0, "the simulator must find: {0}", mutant.Name);
        var found = Finding().Match(told);
        found.Success.Should().BeTrue(told);
        output.WriteLine($"{mutant.Name}: {found.Value}");
    }

    private static void CopySource(string target)
    {
        var root = RepositoryRoot.PathOf("");
        Copy(Path.Combine(root, "Crust"), Path.Combine(target, "Crust"), path => !path.StartsWith("bin/", StringComparison.Ordinal) && !path.StartsWith("obj/", StringComparison.Ordinal));
        foreach (var file in System.IO.Directory.EnumerateFiles(root).Where(f => Path.GetFileName(f) is "Directory.Build.props" or "Directory.Packages.props" or "BannedSymbols.txt" or "global.json"))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
    }

    private static void Copy(string source, string target, Func<string, bool> isWanted)
    {
        foreach (var file in System.IO.Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(source, file);
            if (!isWanted(relative.Replace('\\', '/')))
                continue;
            var copy = Path.Combine(target, relative);
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(string folder, (string Name, string Value)[] environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var text = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, text + await error);
    }

    [GeneratedRegex("seed=[0-9]+ .*")]
    private static partial Regex Finding();
}
