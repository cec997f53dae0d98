using System.Runtime.InteropServices;

namespace Crust.Primitives.Driver;

/// <summary>
/// Gives a file another name in one step, and only if nobody has that name. <see cref="File.Move(string, string, bool)"/> looks first and renames then: of two
/// that do so at once, the second replaces what the first put there.
/// </summary>
internal static partial class ExclusiveMove
{
    /// <summary>EEXIST; the same number on Linux, macOS and the BSDs.</summary>
    private const int Exists = 17;

    /// <summary>AT_FDCWD of Linux: paths count from the current folder.</summary>
    private const int CurrentFolder = -100;

    /// <summary>RENAME_NOREPLACE of Linux.</summary>
    private const uint NoReplace = 1;

    /// <summary>Moves a file within its file system.</summary>
    /// <param name="source">Its name now.</param>
    /// <param name="target">The name that nobody may have.</param>
    /// <exception cref="IOException">Something has the name, or it cannot be given.</exception>
    internal static void Move(string source, string target)
    {
        if (OperatingSystem.IsWindows() || !TryLinkOrRename(Path.GetFullPath(source), Path.GetFullPath(target)))
            // On Windows this is one step. Elsewhere only a file system that knows neither hard links nor exclusive renames comes here.
            File.Move(source, target, overwrite: false);
    }

    /// <summary>False when the file system can do neither.</summary>
    private static bool TryLinkOrRename(string source, string target)
    {
        if (Link(source, target) == 0)
        {
            File.Delete(source);
            return true;
        }

        ThrowIfExists(target);
        if (!OperatingSystem.IsLinux())
            return false;
        try
        {
            if (RenameAt2(CurrentFolder, source, CurrentFolder, target, NoReplace) == 0)
                return true;
            ThrowIfExists(target);
        }
        catch (EntryPointNotFoundException)
        {
            // A C library older than the call.
        }

        return false;
    }

    private static void ThrowIfExists(string target)
    {
        if (Marshal.GetLastPInvokeError() == Exists)
            throw new IOException($"'{target}' exists already.");
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Link(string source, string target);

    [LibraryImport("libc", EntryPoint = "renameat2", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int RenameAt2(int sourceFolder, string source, int targetFolder, string target, uint flags);
}
