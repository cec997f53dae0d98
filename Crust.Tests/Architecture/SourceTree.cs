using System.Diagnostics;

namespace Crust.Tests.Architecture;

/// <summary>
/// The repository's text files: what git tracks or would track; without git (an unpacked archive), every file outside the folders that builds make.
/// </summary>
internal static class SourceTree
{
    private static readonly string[] BuiltFolders = ["bin", "obj", "artifacts", "TestResults", "node_modules", ".git", ".vs", ".idea"];

    /// <summary>Every text file, ordered by path. Read once: no test changes the tree.</summary>
    public static IReadOnlyList<SourceFile> Files { get; } = Read();

    /// <summary>The C# files among them.</summary>
    public static IEnumerable<SourceFile> CSharp => Files.Where(file => file.Path.EndsWith(".cs", StringComparison.Ordinal));

    private static SourceFile[] Read()
    {
        var files = (AskGit() ?? Walk())
            .Order(StringComparer.Ordinal)
            .Where(path => File.Exists(RepositoryRoot.PathOf(path)))
            .Select(path => (Path: path, Bytes: File.ReadAllBytes(RepositoryRoot.PathOf(path))))
            .Where(file => Array.IndexOf(file.Bytes, (byte)0) < 0)
            .Select(file => new SourceFile(file.Path, System.Text.Encoding.UTF8.GetString(file.Bytes)))
            .ToArray();
        return files.Any(file => file.Path == "Crust.sln")
            ? files
            : throw new InvalidOperationException($"The listing of {RepositoryRoot.Folder} lacks Crust.sln: {files.Length} files were found.");
    }

    private static string[]? AskGit()
    {
        var start = new ProcessStartInfo("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = RepositoryRoot.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var git = Process.Start(start)!;
            git.ErrorDataReceived += (_, _) => { };
            git.BeginErrorReadLine();
            var listing = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            return git.ExitCode == 0 && listing.Length > 0 ? listing.Split('\0', StringSplitOptions.RemoveEmptyEntries) : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // No git on this machine.
        }
    }

    private static IEnumerable<string> Walk() => Directory
        .EnumerateFiles(RepositoryRoot.Folder, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(RepositoryRoot.Folder, path).Replace(Path.DirectorySeparatorChar, '/'))
        .Where(path => !path.Split('/').SkipLast(1).Any(BuiltFolders.Contains) && path != ".git");
}
