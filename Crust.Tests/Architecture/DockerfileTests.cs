using FluentAssertions;
using Xunit;

namespace Crust.Tests.Architecture;

/// <summary>The image recipes hang together. No engine builds them here: this is their structure alone.</summary>
public sealed class DockerfileTests
{
    private const string Folder = "deploy/docker";

    private const string Sound =
        """
        # A comment
        FROM example.org/sdk:10.0 AS build
        COPY here.txt \
          there/ ./
        FROM example.org/runtime:10.0 AS final
        COPY --from=build /app ./
        USER $APP_UID
        EXPOSE 1/tcp
        ENTRYPOINT ["/app/crust"]
        """;

    public static TheoryData<string> Recipes { get; } =
        [.. SourceTree.Files.Where(file => file.Folder == Folder && file.Path.Contains("/Dockerfile.", StringComparison.Ordinal)).Select(file => file.Path)];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void ARecipe_HangsTogether(string path) =>
        Read(path).Faults(source => Path.Exists(RepositoryRoot.PathOf(source)) && !IsIgnored(source)).Should().BeEmpty();

    [Theory]
    [MemberData(nameof(Recipes))]
    public void ARecipe_CopiesEveryProjectItsProgramNeeds(string path)
    {
        var copied = Read(path).All("COPY").SelectMany(rest => rest.Split(' ')).ToHashSet();
        var program = Read(path).All("RUN").Single(command => command.StartsWith("dotnet publish", StringComparison.Ordinal)).Split(' ')[2];
        foreach (var project in WithReferences(program))
        {
            copied.Should().Contain($"{project}/{project}.csproj", "restore reads it").And.Contain($"{project}/", "publish compiles it");
        }

        copied.Should().Contain(SourceTree.Files.Where(file => !file.Path.Contains('/') && file.Path.StartsWith("Directory.", StringComparison.Ordinal)).Select(file => file.Path), "every build reads them");
    }

    [Fact]
    public void OnlyTheSilo_ServesHealthAndOrleans()
    {
        var silo = Read($"{Folder}/Dockerfile.silo");
        silo.All("HEALTHCHECK").Should().ContainSingle().Which.Should().Contain("/health").And.Contain("CMD [");
        silo.All("EXPOSE").Should().Equal("11111/tcp 30000/tcp 8080/tcp");
        Read($"{Folder}/Dockerfile.gateway").All("EXPOSE").Should().Equal("41000/tcp 41000/udp");
    }

    [Fact]
    public void ASoundRecipe_HasNoFaults() => Dockerfile.Parse(Sound).Faults(_ => true).Should().BeEmpty();

    [Theory]
    [InlineData(" AS build", "", "FROM")]
    [InlineData("sdk:10.0", "sdk", "FROM")]
    [InlineData("there/", "nowhere/", "COPY")]
    [InlineData("USER $APP_UID", "USER root", "USER")]
    [InlineData("USER $APP_UID\n", "", "USER")]
    [InlineData("EXPOSE 1/tcp\n", "", "EXPOSE")]
    [InlineData("[\"/app/crust\"]", "/app/crust", "ENTRYPOINT")]
    [InlineData("ENTRYPOINT [\"/app/crust\"]", "", "ENTRYPOINT")]
    [InlineData("EXPOSE", "ADD x y\nEXPOSE", "ADD")]
    public void AFaultyRecipe_IsCaught(string part, string replacement, string fault)
    {
        var faulty = Sound.ReplaceLineEndings("\n").Replace(part, replacement, StringComparison.Ordinal);
        Dockerfile.Parse(faulty).Faults(path => path is "here.txt" or "there/").Should().ContainSingle().Which.Should().StartWith(fault);
    }

    private static Dockerfile Read(string path) => Dockerfile.Parse(SourceTree.Files.Single(file => file.Path == path).Text);

    private static bool IsIgnored(string source) => SourceTree.Files.Single(file => file.Path == ".dockerignore").Lines.Contains(source);

    private static HashSet<string> WithReferences(string project)
    {
        var file = SourceTree.Files.Single(candidate => candidate.Path == $"{project}/{project}.csproj");
        var references = System.Xml.Linq.XDocument.Parse(file.Text).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
        return [project, .. references.SelectMany(WithReferences)];
    }
}
