namespace Crust.Tests.Architecture;

/// <summary>One text file of the repository.</summary>
/// <param name="Path">The path inside the repository, with forward slashes.</param>
/// <param name="Text">The whole text.</param>
internal sealed record SourceFile(string Path, string Text)
{
    /// <summary>The file's name without folder and extension.</summary>
    public string Stem => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>The folder inside the repository, with forward slashes; empty for the top.</summary>
    public string Folder => Path.Contains('/', StringComparison.Ordinal) ? Path[..Path.LastIndexOf('/')] : "";

    /// <summary>The extension with its dot, or an empty string.</summary>
    public string Extension => System.IO.Path.GetExtension(Path);

    /// <summary>The lines, without their ends.</summary>
    public IEnumerable<string> Lines => Text.Split('\n').Select(line => line.TrimEnd('\r'));
}
