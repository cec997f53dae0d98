using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crust.Cryptography;

/// <summary>
/// BLAKE3 one-shot hashing (BLAKE3 specification). The default output is 32 bytes; inputs of any length; nothing is allocated. Many short inputs go
/// faster through <see cref="Blake3Many"/>; pieces, keys and longer outputs through <see cref="Blake3Hasher"/>.
/// </summary>
internal static class Blake3
{
    internal const int HashLength = 32;
    internal const int KeyLength = 32;
    internal const int BlockLength = 64;
    internal const int ChunkLength = 1024;

    /// <summary>The initial chaining value, which SHA-256 uses too (§2.2); the key of plain hashing.</summary>
    internal static ReadOnlySpan<uint> InitialValue =>
        [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19];

    /// <summary>The degree that this processor has instructions for.</summary>
    internal static Blake3Degree WidestDegree =>
        Vector512.IsHardwareAccelerated ? Blake3Degree.Sixteen
        : Vector256.IsHardwareAccelerated ? Blake3Degree.Eight
        : Vector128.IsHardwareAccelerated ? Blake3Degree.Four
        : Blake3Degree.Scalar;

    /// <summary>
    /// Bytes that a process hashes a block at a time before it takes the wide kernels. They skip the runtime's tiers, so that the first to use one waits for the compiler: up to 20 ms on a busy machine,
    /// which is much in a first connection and nothing in a bulk transfer. Ours: four messages of 64 KiB.
    /// </summary>
    internal const int BytesBeforeWide = 256 << 10;

    private static long s_hashed;

    /// <summary>The degree to hash so many bytes with now. Thread safe.</summary>
    internal static Blake3Degree DegreeFor(int bytes)
    {
        // From then on it is only read: threads that hash side by side share it.
        if (Volatile.Read(ref s_hashed) >= BytesBeforeWide || Interlocked.Add(ref s_hashed, bytes) >= BytesBeforeWide)
            return WidestDegree;
        return Vector128.IsHardwareAccelerated ? Blake3Degree.Rows : Blake3Degree.Scalar;
    }

    /// <summary>Writes the 32-byte hash of <paramref name="input"/>.</summary>
    internal static void Hash(ReadOnlySpan<byte> input, Span<byte> hash) => Hash(input, hash, DegreeFor(input.Length));

    internal static void Hash(ReadOnlySpan<byte> input, Span<byte> hash, Blake3Degree degree)
    {
        Lengths.Require(hash, HashLength);
        Blake3Tree.Hash(input, InitialValue, 0, hash, degree);
    }

    internal static byte[] Hash(ReadOnlySpan<byte> input)
    {
        var hash = new byte[HashLength];
        Hash(input, hash);
        return hash;
    }

    /// <summary>The eight words of a 32-byte key or chaining value, in place: words are little endian, as are the processors Crust runs on.</summary>
    internal static ReadOnlySpan<uint> Words(ReadOnlySpan<byte> key)
    {
        Lengths.Require(key, KeyLength);
        return MemoryMarshal.Cast<byte, uint>(key);
    }
}
