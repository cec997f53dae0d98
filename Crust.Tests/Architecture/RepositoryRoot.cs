namespace Crust.Tests.Architecture;

/// <summary>Finds the repository from the folder the tests run in: the nearest one above it that holds <c>Crust.sln</c>.</summary>
internal static class RepositoryRoot
{
    private const string Marker = "Crust.sln";

    /// <summary>The repository's folder, absolute, without a trailing separator.</summary>
    public static string Folder { get; } = Find(AppContext.BaseDirectory);

    /// <summary>The absolute path of a file named by its path inside the repository, with forward slashes.</summary>
    public static string PathOf(string relativePath) => Path.Combine(Folder, relativePath);

    private static string Find(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Marker)))
            {
                return folder.FullName.TrimEnd(Path.DirectorySeparatorChar);
            }
        }

        throw new InvalidOperationException($"No {Marker} in {start} or any folder above it: run the tests from inside a checkout.");
    }
}
