using Crust.Cryptography;
using Crust.Primitives.Driver;

namespace Crust.Identity.Driver;

/// <summary>
/// Identities in files, readable by their owner alone (mode 0600). Files appear whole or not at all, and an existing one is never
/// overwritten. On Windows, which has no modes, the folder's access list protects the file: keep it in the user's profile.
/// </summary>
public static class IdentityFile
{
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
            WholeFile.RemoveRemains(path);
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
        try
        {
            WholeFile.Write(path, text, overwrite);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var why = File.Exists(path) && !overwrite ? "there is one already, and it is never overwritten" : exception.Message;
            throw new IdentityFileException($"The identity file '{path}' cannot be created: {why}.", exception);
        }
        finally
        {
            Secrets.Zero(text);
        }
    }
}
