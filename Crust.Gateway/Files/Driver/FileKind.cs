using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Crust.Gateway.Files.Driver;

/// <summary>Tells regular files from pipes, sockets and devices, whose opening could block or never end.</summary>
internal static class FileKind
{
    private const int CurrentFolder = -100, NoFollow = 0x100, StatusLength = 256, ModeOffset = 28;
    private const uint TypeMask = 1;
    private const ushort FormatBits = 0xF000, Regular = 0x8000;

    /// <summary>
    /// False for what is neither a regular file nor a folder. On Linux the kernel is asked (<c>statx</c>, whose layout is the same on every processor);
    /// elsewhere .NET has no answer, and everything counts as regular.
    /// </summary>
    internal static bool IsRegularFile(string path)
    {
        if (!OperatingSystem.IsLinux())
            return true;
        var status = new byte[StatusLength];
        return statx(CurrentFolder, [.. Encoding.UTF8.GetBytes(path), 0], NoFollow, TypeMask, status) != 0
            || (BinaryPrimitives.ReadUInt16LittleEndian(status.AsSpan(ModeOffset)) & FormatBits) == Regular;
    }

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
#pragma warning disable SYSLIB1054, IDE1006 // Its name in C; blittable arguments need no generated code, which would be unsafe code.
    private static extern int statx(int folder, byte[] path, int flags, uint mask, byte[] status);
#pragma warning restore SYSLIB1054, IDE1006
}
