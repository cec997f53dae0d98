using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Architecture;

/// <summary>The repository as text: style that a compiler does not hold.</summary>
public sealed partial class TidyTests
{
    private const int MaximumLines = 500;

    /// <summary>Words and calls that must not be in code. Spelled in halves, so that this file does not accuse itself.</summary>
    private static readonly Regex Forbidden = new(
        @"\b(TO" + @"DO|FIX" + @"ME|HA" + @"CK)\b|NotImplemented" + @"Exception|Thread\.Sle" + @"ep|Task\.Del" + @"ay\(\s*[0-9]|\basync\s+void\s+\w+\s*[(<]");

    /// <summary>Folders that exist on one developer's machine alone.</summary>
    private static readonly Regex PersonalPath = new(@"(?<![\w.])(/ho" + @"me/\w|/Us" + @"ers/\w|/ro" + @"ot/\w|/tm" + @"p/\w|[A-Za-z]:\\Us" + @"ers\\)");

    private static IEnumerable<SourceFile> Written => SourceTree.CSharp.Where(file => file.Stem is not ("Program" or "GlobalUsings" or "AssemblyInfo"));

    [Fact]
    public void APublicType_HasAFileOfItsName()
    {
        // Small enums may share the file of the type they belong to.
        var offenders =
            from file in Written
            let types = TopLevelType().Matches(file.Text)
            let others = types.Where(type => type.Groups["public"].Success && type.Groups["kind"].Value != "enum").ToArray()
            where types.Count > 0
            where others.DistinctBy(type => type.Groups["name"].Value).Count() > 1
                || !types.Any(type => IsNamedAfter(file, type.Groups["name"].Value))
                || others.Any(type => !IsNamedAfter(file, type.Groups["name"].Value))
            select $"{file.Path} holds {string.Join(", ", types.Select(type => type.Groups["name"].Value))}";
        offenders.Should().BeEmpty();
    }

    [Fact]
    public void ANamespace_IsItsFolder()
    {
        var offenders =
            from file in Written
            let found = Namespace().Match(file.Text)
            where (found.Success && found.Groups["name"].Value != file.Folder.Replace('/', '.'))
                || (!found.Success && TopLevelType().IsMatch(file.Text))
            select $"{file.Path}: {(found.Success ? found.Groups["name"].Value : "no file-scoped namespace")}";
        offenders.Should().BeEmpty();
    }

    [Fact]
    public void ATest_LivesInASuiteFolder() =>
        SourceTree.CSharp.Where(file => file.Folder == "Crust.Tests" && file.Text.Contains("[Fact", StringComparison.Ordinal)).Select(file => file.Path)
            .Should().BeEmpty("test.sh runs the suites by their folders");

    [Fact]
    public void AnEventId_IsOneMessages()
    {
        // The release before has its own.
        var uses = SourceTree.CSharp.Where(file => !file.Path.StartsWith("Crust.Tests.Older/", StringComparison.Ordinal)).SelectMany(file => EventId().Matches(file.Text).Select(match => (Id: match.Groups["id"].Value, file.Path))).ToArray();
        uses.Should().HaveCountGreaterThan(50, "else this looks in the wrong place");
        uses.GroupBy(use => use.Id).Where(same => same.Count() > 1).Select(same => $"{same.Key}: {string.Join(", ", same.Select(use => use.Path))}").Should().BeEmpty();
    }

    [Fact]
    public void Code_HasNoLooseEnds() => Offences(
        file => file.Extension is not (".md" or ".sln"),
        line => Forbidden.IsMatch(line)).Should().BeEmpty();

    [Fact]
    public void NoFile_NamesADevelopersMachine() => Offences(_ => true, line => PersonalPath.IsMatch(line)).Should().BeEmpty();

    [Fact]
    public void ARoomWithCode_HasAReadme() => SourceTree.CSharp
        .Select(file => file.Path.Split('/'))
        .Where(path => path is ["Crust", _, _, ..])
        .Select(path => $"Crust/{path[1]}/README.md").Distinct()
        .Except(SourceTree.Files.Select(file => file.Path))
        .Should().BeEmpty("each room says on one page what it is for");

    [Fact]
    public void ACSharpFile_IsShort() =>
        SourceTree.CSharp.Where(file => file.Lines.Count() > MaximumLines + 1).Select(file => file.Path).Should().BeEmpty();

    [Fact]
    public void ATextFile_EndsWithANewline() =>
        SourceTree.Files.Where(file => file.Text.Length > 0 && !file.Text.EndsWith('\n')).Select(file => file.Path).Should().BeEmpty();

    [Fact]
    public void ACSharpFile_HasNoTabs() => Offences(file => file.Extension == ".cs", line => line.Contains('\t', StringComparison.Ordinal)).Should().BeEmpty();

    [Fact]
    public void ALine_HasNoTrailingSpace() =>
        Offences(file => file.Extension != ".md", line => line.EndsWith(' ') || line.EndsWith('\t')).Should().BeEmpty();

    [Theory]
    [InlineData("// TO" + "DO: later", true)]
    [InlineData("throw new NotImplemented" + "Exception();", true)]
    [InlineData("await Task.Del" + "ay(100);", true)]
    [InlineData("await Task.Del" + "ay(pause, timeProvider, cancellationToken);", false)]
    [InlineData("Thread.Sle" + "ep(1);", true)]
    [InlineData("private async  " + "void Handle()", true)]
    [InlineData("private async ValueTask HandleAsync()", false)]
    [InlineData("TodoList", false)]
    public void TheCheck_KnowsALooseEnd(string line, bool forbidden) => Forbidden.IsMatch(line).Should().Be(forbidden);

    [Theory]
    [InlineData("/ho" + "me/someone/crust", true)]
    [InlineData("/tm" + "p/scratch", true)]
    [InlineData("C:\\Us" + "ers\\someone", true)]
    [InlineData("tmpfs: /tmp", false)]
    [InlineData("https://example.org/ho" + "me/page", false)]
    public void TheCheck_KnowsAPersonalPath(string line, bool forbidden) => PersonalPath.IsMatch(line).Should().Be(forbidden);

    private static IEnumerable<string> Offences(Func<SourceFile, bool> files, Func<string, bool> offends) =>
        SourceTree.Files.Where(files).SelectMany(file => file.Lines.Select((line, index) => (Line: line, Place: $"{file.Path}:{index + 1}")))
            .Where(line => offends(line.Line)).Select(line => $"{line.Place}: {line.Line.Trim()}");

    /// <summary>A partial type may continue in <c>Name.Part.cs</c>.</summary>
    private static bool IsNamedAfter(SourceFile file, string type) => file.Stem == type || file.Stem.StartsWith(type + ".", StringComparison.Ordinal);

    /// <summary>A type at the left margin, which a file-scoped namespace makes the mark of one that is not nested.</summary>
    [GeneratedRegex(
        @"^(?:(?<public>public)\s+|(?:internal|file|sealed|static|abstract|partial|readonly|ref|unsafe)\s+)*(?<kind>class|struct|interface|enum|record\s+struct|record\s+class|record|delegate\s+[\w<>\[\]?., ]+?)\s+(?<name>\w+)\s*[<({:;\n\r]",
        RegexOptions.Multiline)]
    private static partial Regex TopLevelType();

    [GeneratedRegex(@"\[LoggerMessage\((?:EventId\s*=\s*)?(?<id>[0-9]+)")]
    private static partial Regex EventId();

    [GeneratedRegex(@"^namespace\s+(?<name>[\w.]+)\s*;", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
