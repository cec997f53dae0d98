using Crust.Cryptography;
using Crust.Primitives.Driver;

namespace Crust.Identity.Driver;

/// <summary>
/// Identities in files, readable by their owner alone (mode 0600). Files appear whole or not at all, and an existing one is never
/// overwritten. On Windows, which has no modes, the folder's access list protects the file: keep it in the user's profile.
/// </summary>
public static class IdentityFile
{
    private const string TemporaryEnd = ".tmp";

    /// <summary>Random bytes in the name of a file that is being written.</summary>
    private const int TemporaryBytes = 8;

    /// <summary>Making a file takes milliseconds: what is older was left behind by a process that was killed.</summary>
    private static readonly TimeSpan TemporaryAge = TimeSpan.FromMinutes(1);

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Where the default identity lives: <c>crust/identity</c> in the user's configuration folder (<c>~/.config</c>, <c>%APPDATA%</c>).</summary>
    public static string DefaultPath =>
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify), "crust", "identity");

    /// <summary>Reads an identity, which the caller owns.</summary>
    /// <exception cref="IdentityFileException">The file is missing, unreadable, damaged, or open to group or others.</exception>
    public static PeerIdentity Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        // One byte more than is allowed, to see that a file is too long.
        var buffer = GC.AllocateArray<byte>(IdentityFileText.MaxLength + 1, pinned: true);
        try
        {
            int length;
            using (var stream = new FileStream(path, new FileStreamOptions { BufferSize = 0 }))
            {
                // The mode of the opened file, not of whatever has its name by now.
                if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(stream.SafeFileHandle) & ~(OwnerOnly | UnixFileMode.UserExecute)) != 0)
                    throw new IdentityFileException($"The identity file '{path}' is open to other users. Make it private with: chmod 600 '{path}'");
                length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            }

            return (length < buffer.Length ? IdentityFileText.TryParse(buffer.AsSpan(0, length)) : null)
                ?? throw new IdentityFileException($"'{path}' is not a Crust identity file, or it is damaged. Restore it from a backup: a new identity is another peer.");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IdentityFileException($"There is no identity file at '{path}'.", exception);
        }
        catch (Exception exception) when (exception is IOException and not IdentityFileException or UnauthorizedAccessException)
        {
            throw new IdentityFileException($"The identity file '{path}' cannot be read: {exception.Message}", exception);
        }
        finally
        {
            Secrets.Zero(buffer);
        }
    }

    /// <summary>Makes a new identity and stores it; the caller owns it. Missing folders are made, for the owner alone.</summary>
    /// <exception cref="IdentityFileException">There is a file already, or it cannot be written.</exception>
    public static PeerIdentity Create(string path) => Create(path, overwrite: false);

    /// <inheritdoc cref="Create(string)"/>
    /// <param name="path">Where it is stored.</param>
    /// <param name="overwrite">Replaces the identity that is there, which is lost.</param>
    public static PeerIdentity Create(string path, bool overwrite)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var identity = PeerIdentity.Create();
        try
        {
            Store(identity, Path.GetFullPath(path), overwrite);
            return identity;
        }
        catch
        {
            identity.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Reads the identity, or makes one where there is no file; the caller owns it. Of several processes that start at once, one creates and
    /// all load the same.
    /// </summary>
    /// <exception cref="IdentityFileException">The file is there but cannot be used, or cannot be written.</exception>
    public static PeerIdentity LoadOrCreate(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (File.Exists(path))
        {
            RemoveRemains(Path.GetFullPath(path));
            return Load(path);
        }

        try
        {
            return Create(path);
        }
        catch (IdentityFileException) when (File.Exists(path))
        {
            return Load(path);
        }
    }

    private static void Store(PeerIdentity identity, string path, bool overwrite)
    {
        var text = IdentityFileText.Format(identity);
        // In the same folder, so that the move is a rename; random, so that two processes do not share it.
        var temporary = $"{path}.{Convert.ToHexStringLower(SecureRandom.Bytes(TemporaryBytes))}{TemporaryEnd}";
        try
        {
            CreateFolder(Path.GetDirectoryName(path));
            RemoveRemains(path);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = OwnerOnly;
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(text);
                stream.Flush(flushToDisk: true);
            }

            if (overwrite)
                File.Move(temporary, path, overwrite: true);
            else
                ExclusiveMove.Move(temporary, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var why = File.Exists(path) && !overwrite ? "there is one already, and it is never overwritten" : exception.Message;
            throw new IdentityFileException($"The identity file '{path}' cannot be created: {why}.", exception);
        }
        finally
        {
            Secrets.Zero(text);
            Delete(temporary);
        }
    }

    /// <summary>Deletes what processes left behind that were killed while they made this file: half a key is still a secret.</summary>
    private static void RemoveRemains(string path)
    {
        try
        {
            foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(path)!, $"*{TemporaryEnd}"))
            {
                if (IsTemporaryOf(path, file) && DateTime.UtcNow - File.GetLastWriteTimeUtc(file) > TemporaryAge)
                    Delete(file);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A folder that may not be listed: the identity can be used all the same.
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
