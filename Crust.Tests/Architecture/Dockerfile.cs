using System.Text.RegularExpressions;

namespace Crust.Tests.Architecture;

/// <summary>A Dockerfile taken apart into instructions: comments dropped, continued lines joined.</summary>
/// <param name="Instructions">Keyword in capitals, and the rest of the line.</param>
internal sealed partial record Dockerfile(IReadOnlyList<(string Keyword, string Arguments)> Instructions)
{
    public static Dockerfile Parse(string text)
    {
        var code = text.Split('\n').Where(line => !line.TrimStart().StartsWith('#'));
        var joined = Continuation().Replace(string.Join('\n', code), " ");
        return new([.. joined.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => line.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries))
            .Select(words => (words[0].ToUpperInvariant(), words.Length > 1 ? words[1] : ""))]);
    }

    /// <summary>What follows each instruction of a kind.</summary>
    public IEnumerable<string> All(string keyword) => Instructions.Where(i => i.Keyword == keyword).Select(i => i.Arguments);

    /// <summary>What is wrong, a sentence each.</summary>
    /// <param name="exists">Whether the build context holds this path.</param>
    public IEnumerable<string> Faults(Func<string, bool> exists)
    {
        foreach (var from in All("FROM"))
        {
            if (!NamedStage().IsMatch(from))
            {
                yield return $"FROM {from}: a stage has a name, and its base a tag";
            }
        }

        foreach (var missing in Sources().Where(source => !exists(source)))
        {
            yield return $"COPY {missing}: the build context has no such path";
        }

        if (All("ADD").Any())
        {
            yield return "ADD unpacks and downloads: COPY says what it does";
        }

        if (LastStage().LastOrDefault(i => i.Keyword == "USER").Arguments is null or "" or "root" or "0")
        {
            yield return "USER: the last stage runs as root";
        }

        if (LastStage().All(i => i.Keyword != "EXPOSE"))
        {
            yield return "EXPOSE: no port is named";
        }

        foreach (var (keyword, arguments) in LastStage().Where(i => i.Keyword is "ENTRYPOINT" or "CMD").Where(i => !ExecForm().IsMatch(i.Arguments)))
        {
            yield return $"{keyword} {arguments}: the shell form would keep signals from the program";
        }

        if (LastStage().All(i => i.Keyword != "ENTRYPOINT"))
        {
            yield return "ENTRYPOINT: the image starts nothing";
        }
    }

    /// <summary>Paths of the build context that COPY names; what comes from another stage is not among them.</summary>
    private IEnumerable<string> Sources() => All("COPY").Where(rest => !rest.Contains("--from=", StringComparison.Ordinal))
        .SelectMany(rest => rest.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => !word.StartsWith("--", StringComparison.Ordinal)).SkipLast(1));

    private IEnumerable<(string Keyword, string Arguments)> LastStage() =>
        Instructions.Skip(Instructions.Select((instruction, index) => instruction.Keyword == "FROM" ? index : 0).Max());

    [GeneratedRegex(@"\\[ \t]*\n")]
    private static partial Regex Continuation();

    [GeneratedRegex(@"^\S+:[\w.-]+\s+AS\s+[a-z][\w-]*$", RegexOptions.IgnoreCase)]
    private static partial Regex NamedStage();

    [GeneratedRegex(@"^\[\s*""[^\]]*""\s*\]$")]
    private static partial Regex ExecForm();
}
