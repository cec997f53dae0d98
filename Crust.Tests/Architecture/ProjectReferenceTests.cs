using System.Xml.Linq;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Architecture;

/// <summary>Projects reference each other, and the frameworks they live on, as the architecture describes it.</summary>
public sealed class ProjectReferenceTests
{
    /// <summary>The projects each project may name. Tests and benchmarks see everything, and nobody sees them.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Crust"] = [],
        ["Crust.Grains.Abstractions"] = ["Crust"],
        ["Crust.Grains"] = ["Crust.Grains.Abstractions"],
        ["Crust.Client"] = ["Crust", "Crust.Grains.Abstractions"],
        ["Crust.Gateway"] = ["Crust", "Crust.Client"],
        ["Crust.Silo"] = ["Crust.Grains", "Crust.Gateway"],
    };

    private static readonly string[] Observers = ["Crust.Tests", "Crust.Tests.Older", "Crust.Benchmarks"];

    /// <summary>Packages that are named only to fix the version of what Orleans brings with it.</summary>
    private static readonly string[] Pins = ["System.IO.Hashing"];

    private static IEnumerable<SourceFile> Projects => SourceTree.Files.Where(file => file.Extension == ".csproj");

    [Fact]
    public void EveryProject_IsInTheTable() =>
        Projects.Select(project => project.Stem).Should().BeEquivalentTo(Allowed.Keys.Concat(Observers));

    [Fact]
    public void Projects_NameOnlyTheProjectsBelowThem()
    {
        foreach (var project in Projects.Where(project => !Observers.Contains(project.Stem)))
        {
            Named(project, "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path)).Except(Allowed[project.Stem])
                .Should().BeEmpty($"{project.Stem} may reference [{string.Join(", ", Allowed[project.Stem])}] alone");
        }
    }

    [Fact]
    public void Assemblies_UseOnlyTheProjectsBelowThem()
    {
        foreach (var name in CompiledAssembly.Shipped)
        {
            using var module = CompiledAssembly.Open(name);
            module.AssemblyReferences.Select(reference => reference.Name)
                .Where(reference => reference.StartsWith("Crust", StringComparison.Ordinal)).Except(Closure(name))
                .Should().BeEmpty($"{name} sees what its allowed references bring along, and nothing else");
        }
    }

    [Fact]
    public void TheShippedAssemblies_AreTheTable() => CompiledAssembly.Shipped.Should().BeEquivalentTo(Allowed.Keys);

    [Fact]
    public void TheLibrary_KnowsNeitherOrleansNorAWebHost()
    {
        // Links are ConnectionContexts, whose features are the one further assembly of ASP.NET Core: contracts without a host.
        string[] contracts = ["Microsoft.AspNetCore.Connections.Abstractions", "Microsoft.AspNetCore.Http.Features"];
        using var crust = CompiledAssembly.Open("Crust");
        crust.AssemblyReferences.Select(reference => reference.Name).Concat(Named(Project("Crust"), "PackageReference"))
            .Where(IsOrleansOrWeb).Except(contracts).Should().BeEmpty();
        Project("Crust").Text.Should().Contain("Sdk=\"Microsoft.NET.Sdk\"");
        Named(Project("Crust"), "FrameworkReference").Should().BeEmpty();
    }

    [Fact]
    public void TheGrainContracts_CompileOnTheOrleansSdkAlone() =>
        Named(Project("Crust.Grains.Abstractions"), "PackageReference").Except(Pins).Should().Equal("Microsoft.Orleans.Sdk");

    [Fact]
    public void TheOrleansServer_IsTheSilosAlone()
    {
        string[] servers = ["Microsoft.Orleans.Server", "Microsoft.Orleans.TestingHost"];
        foreach (var project in Projects.Where(project => project.Stem is not "Crust.Silo" && !Observers.Contains(project.Stem)))
        {
            Named(project, "PackageReference").Intersect(servers).Should().BeEmpty($"{project.Stem} is no cluster host");
        }
    }

    private static bool IsOrleansOrWeb(string name) => name.StartsWith("Orleans", StringComparison.Ordinal)
        || name.StartsWith("Microsoft.Orleans", StringComparison.Ordinal) || name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal);

    private static SourceFile Project(string name) => Projects.Single(project => project.Stem == name);

    private static IEnumerable<string> Named(SourceFile project, string item) =>
        XDocument.Parse(project.Text).Descendants(item).Select(element => element.Attribute("Include")?.Value).OfType<string>();

    private static HashSet<string> Closure(string project) => [.. Allowed[project].SelectMany(reference => Closure(reference).Append(reference))];
}
