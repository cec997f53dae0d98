using Microsoft.Win32.SafeHandles;

namespace Crust.Access.Driver;

/// <summary>What a file looks like from outside: another stamp means that it changed. Of the file that a link leads to, not of the link.</summary>
/// <param name="Written">When it was last written, as the file system says.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct FileStamp(DateTime Written, long Length)
{
    /// <exception cref="IOException">It is not there or cannot be opened.</exception>
    internal static FileStamp Of(string path)
    {
        using var file = File.OpenHandle(path);
        return Of(file);
    }

    internal static FileStamp Of(SafeFileHandle file) => new(File.GetLastWriteTimeUtc(file), RandomAccess.GetLength(file));
}
