namespace Crust.Gateway.Files.Driver;

/// <summary>
/// <c>.crust-partial</c> in the receiving folder: a folder for each transfer that is not complete. It is ours alone (mode 0700), and never a link to somewhere
/// else.
/// </summary>
internal sealed class PartialFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _path;

    /// <summary>Uses a receiving folder, which is made if it is not there.</summary>
    /// <exception cref="IOException">It cannot be used.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be used.</exception>
    internal PartialFolder(string receivingFolder)
    {
        Receiving = Path.GetFullPath(receivingFolder);
        Directory.CreateDirectory(Receiving);
        _path = Path.Combine(Receiving, EntryName.PartialFolder);
        _ = Make(_path);
    }

    /// <summary>The receiving folder, absolute.</summary>
    internal string Receiving { get; }

    /// <summary>Bytes that this user may still write there.</summary>
    internal long FreeSpace => new DriveInfo(Receiving).AvailableFreeSpace;

    /// <summary>The folder of a transfer, which is made if it is not there.</summary>
    internal string Of(TransferId id) => Make(Path.Combine(Make(_path), id.Text));

    /// <summary>Deletes the folder for partial transfers where there is none.</summary>
    internal void DeleteIfEmpty()
    {
        try
        {
            Directory.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Something is in it: another transfer.
        }
    }

    /// <summary>Makes a folder for the owner alone. One that is there must be this user's: only an owner can set the mode.</summary>
    private static string Make(string path)
    {
        var info = new DirectoryInfo(path);
        if (info.LinkTarget is not null)
            throw new IOException($"'{path}' is a link, which could lead anywhere; remove it.");
        if (OperatingSystem.IsWindows())
        {
            info.Create();
            return path;
        }

        Directory.CreateDirectory(path, OwnerOnly);
        File.SetUnixFileMode(path, OwnerOnly);
        return path;
    }
}
