using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Crust.Gateway.Files.Driver;

/// <summary>Brings everything written to the disk, so that a receipt stays true when the power fails.</summary>
internal static class DiskSync
{
    /// <summary>
    /// On Linux all of the file system at once (<c>syncfs</c>): for many small files far faster than one after the other, and it includes their folders.
    /// Elsewhere each file; its folder's entry is then as durable as the system makes it.
    /// </summary>
    internal static void Flush(SafeFileHandle anyFile, IEnumerable<string> files)
    {
        if (OperatingSystem.IsLinux() && syncfs(anyFile) == 0)
            return;
        foreach (var file in files)
        {
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            RandomAccess.FlushToDisk(handle);
        }
    }

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
#pragma warning disable SYSLIB1054, IDE1006 // As in FileKind.
    private static extern int syncfs(SafeFileHandle file);
#pragma warning restore SYSLIB1054, IDE1006
}
