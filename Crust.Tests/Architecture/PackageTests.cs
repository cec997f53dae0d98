using System.Text.Json;
using System.Xml.Linq;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Architecture;

/// <summary>Every dependency has a reason and a user.</summary>
public sealed class PackageTests
{
    private const string Versions = "Directory.Packages.props";
    private const string Element = "PackageVersion";

    /// <summary>A comment that opens so speaks of a package that is not named by a project, only held at a version.</summary>
    private const string PinMark = "Pinned:";

    private static IEnumerable<XElement> Packages => XDocument.Load(RepositoryRoot.PathOf(Versions)).Descendants(Element);

    [Fact]
    public void APackage_HasAReason() => Packages.Where(package => Reason(package) is null).Select(Name).Should().BeEmpty();

    [Fact]
    public void APackage_IsUsed()
    {
        var named = SourceTree.Files.Where(file => file.Extension is ".csproj" or ".props")
            .SelectMany(file => XDocument.Parse(file.Text).Descendants())
            .Where(element => element.Name.LocalName is "PackageReference" or "GlobalPackageReference")
            .Select(element => element.Attribute("Include")?.Value).ToHashSet();
        Packages.Where(package => !named.Contains(Name(package)) && !(IsPin(package) && IsRestored(Name(package)))).Select(Name)
            .Should().BeEmpty("a package that no project names, and no other package brings, is only a promise to update it");
    }

    [Fact]
    public void AReason_CoversItsFamilyAlone()
    {
        var group = XElement.Parse(
            """
            <ItemGroup>
              <PackageVersion Include="Alone" />
              <!-- The host. -->
              <PackageVersion Include="Microsoft.Orleans.Sdk" />
              <PackageVersion Include="Microsoft.Orleans.Server" />
              <PackageVersion Include="Microsoft.Extensions.Hosting" />
              <!-- -->
              <PackageVersion Include="Mute" />
            </ItemGroup>
            """);
        group.Elements().Where(package => Reason(package) is null).Select(Name).Should().Equal("Alone", "Microsoft.Extensions.Hosting", "Mute");
    }

    /// <summary>The comment right above, or above the packages of the same family that stand between.</summary>
    private static string? Reason(XElement package)
    {
        for (var node = package.PreviousNode; node is not null; node = node.PreviousNode)
        {
            switch (node)
            {
                case XComment comment:
                    return string.IsNullOrWhiteSpace(comment.Value) ? null : comment.Value.Trim();
                case XElement sibling when Family(Name(sibling)) == Family(Name(package)):
                    continue;
                default:
                    return null;
            }
        }

        return null;
    }

    /// <summary>The first word of a name; of Microsoft's, the first two.</summary>
    private static string Family(string name) => string.Join('.', name.Split('.').Take(name.StartsWith("Microsoft.", StringComparison.Ordinal) ? 2 : 1));

    private static string Name(XElement package) => package.Attribute("Include")!.Value;

    private static bool IsPin(XElement package) => Reason(package)!.StartsWith(PinMark, StringComparison.Ordinal);

    private static bool IsRestored(string name)
    {
        using var dependencies = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Crust.Tests.deps.json")));
        return dependencies.RootElement.GetProperty("libraries").EnumerateObject()
            .Any(library => library.Name.StartsWith(name + "/", StringComparison.OrdinalIgnoreCase));
    }
}
