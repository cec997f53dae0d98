using Crust.Cryptography;

namespace Crust.Primitives.Driver;

/// <summary>
/// Files that are there whole or not at all, whatever ends the process: written under a name of their own in the same folder, flushed to the disk, renamed. Readable by their owner alone (0600), as are
/// the folders made for them (0700); on Windows the folder's access list says who may read. Several processes may write the same file.
/// </summary>
internal static class WholeFile
{
    private const string TemporaryEnd = ".tmp";

    /// <summary>Random bytes in the name of a file that is being written.</summary>
    private const int TemporaryBytes = 8;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writing takes milliseconds: what is older was left behind by a process that was killed.</summary>
    private static readonly TimeSpan TemporaryAge = TimeSpan.FromMinutes(1);

    /// <summary>Writes a file. Missing folders are made, and what killed processes left of it is deleted.</summary>
    /// <param name="path">Where.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="overwrite">Takes the place of a file that is there; else that is an error.</param>
    /// <exception cref="IOException">It cannot be written, or there is one that may not be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    internal static void Write(string path, ReadOnlySpan<byte> content, bool overwrite)
    {
        var full = Path.GetFullPath(path);
        // In the same folder, so that the move is a rename; random, so that two processes do not share it.
        var temporary = $"{full}.{Convert.ToHexStringLower(SecureRandom.Bytes(TemporaryBytes))}{TemporaryEnd}";
        try
        {
            CreateFolder(Path.GetDirectoryName(full));
            RemoveRemains(full);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = OwnerOnly;
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            if (overwrite)
                File.Move(temporary, full, overwrite: true);
            else
                ExclusiveMove.Move(temporary, full);
        }
        catch
        {
            Delete(temporary);
            throw;
        }
    }

    /// <summary>Deletes what processes left behind that were killed while they wrote this file: half a key is still a secret.</summary>
    internal static void RemoveRemains(string path)
    {
        var full = Path.GetFullPath(path);
        try
        {
            foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(full)!, $"*{TemporaryEnd}"))
            {
                if (IsTemporaryOf(full, file) && DateTime.UtcNow - File.GetLastWriteTimeUtc(file) > TemporaryAge)
                    Delete(file);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A folder that may not be listed: the file can be used all the same.
        }
    }

    private static bool IsTemporaryOf(string path, string file)
    {
        var random = file.Length - path.Length - 1 - TemporaryEnd.Length;
        return random == TemporaryBytes * 2
            && file.StartsWith(path + ".", StringComparison.Ordinal)
            && file.Substring(path.Length + 1, random).All(char.IsAsciiHexDigitLower);
    }

    private static void Delete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is gone already, or stays; what happened before says more.
        }
    }

    private static void CreateFolder(string? folder)
    {
        if (string.IsNullOrEmpty(folder) || Directory.Exists(folder))
            return;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
    }
}
