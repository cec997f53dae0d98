using System.Buffers;
using System.Buffers.Binary;
using Crust.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Crust.Access.Driver;

/// <summary>What a file looks like: another stamp means that it changed. Of the file that a link leads to, not of the link.</summary>
/// <param name="Written">When it was last written, as the file system says: in steps of some milliseconds, so that it alone would miss an edit.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Content">The beginning of the content's hash, up to <see cref="MaxHashed"/> bytes.</param>
internal readonly record struct FileStamp(DateTime Written, long Length, ulong Content)
{
    /// <summary>How much of a file is hashed at each look. Ours: ten thousand rules, and a look stays below a millisecond.</summary>
    private const int MaxHashed = 1 << 20;

    /// <exception cref="IOException">It is not there or cannot be opened.</exception>
    internal static FileStamp Of(string path)
    {
        using var file = File.OpenHandle(path);
        return Of(file);
    }

    internal static FileStamp Of(SafeFileHandle file)
    {
        var (written, length) = (File.GetLastWriteTimeUtc(file), RandomAccess.GetLength(file));
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(length, MaxHashed));
        try
        {
            var read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(length, MaxHashed)), 0);
            Span<byte> hash = stackalloc byte[Blake3.HashLength];
            Blake3.Hash(buffer.AsSpan(0, read), hash);
            return new FileStamp(written, length, BinaryPrimitives.ReadUInt64BigEndian(hash));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
