namespace Crust.Tests.Processes;

/// <summary>A folder of one test's processes, gone at its end, and what else they have for their surroundings.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("crust-processes-").FullName;

    /// <summary>What <c>CRUST_BOOTSTRAP</c> is for processes that start from now on; null: it is not set.</summary>
    public string? Bootstrap { get; set; }

    /// <summary>The absolute path of something in the folder.</summary>
    public string PathOf(string name) => Path.Combine(_path, name);

    /// <summary>Writes a file; its path.</summary>
    public string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_path, recursive: true);
}
