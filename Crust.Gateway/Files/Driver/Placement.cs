using Crust.Primitives.Driver;

namespace Crust.Gateway.Files.Driver;

/// <summary>Moves what is complete into the receiving folder, under a name that is free. Nothing that is there is ever replaced.</summary>
internal static class Placement
{
    /// <summary>More than these are taken by no accident.</summary>
    private const int MaxTries = 10_000;

    /// <summary>Moves a file or folder; its new path.</summary>
    /// <param name="source">On the same file system.</param>
    /// <param name="folder">Where to.</param>
    /// <param name="name">Its name, if that is free.</param>
    /// <param name="isFolder">Whether it is a folder.</param>
    /// <param name="note">Told the name before each try.</param>
    internal static string Move(string source, string folder, string name, bool isFolder, Action<string> note)
    {
        for (var n = 1; n <= MaxTries; n++)
        {
            var candidate = FreeName.Candidate(name, isFolder, n);
            var target = Path.Combine(folder, candidate);
            if (IsTaken(target))
                continue;
            note(candidate);
            try
            {
                // A file appears by a hard link, which fails where a name is taken; a folder never takes the place of a file or of a folder with something in it.
                if (isFolder)
                    Directory.Move(source, target);
                else
                    ExclusiveMove.Move(source, target);
                return target;
            }
            catch (IOException) when (IsTaken(target) && (isFolder ? Directory.Exists(source) : File.Exists(source)))
            {
                // Somebody was faster: the next name.
            }
        }

        throw new IOException($"'{folder}' holds too many things of that name.");
    }

    /// <summary>True when something has the name, be it a link that leads nowhere.</summary>
    internal static bool IsTaken(string path) => Path.Exists(path) || new FileInfo(path).LinkTarget is not null;
}
