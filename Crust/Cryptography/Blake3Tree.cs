using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Crust.Cryptography;

/// <summary>
/// The tree over chunks (BLAKE3 specification §2.1, §5.1). A node's left subtree is the largest power of two of chunks that leaves something for the right one.
/// Subtrees give their newest level of chaining values unmerged, at most as many as a vector has lanes, so that parents are merged side by side too.
/// </summary>
internal static unsafe class Blake3Tree
{
    /// <summary>As many chaining values as the widest kernel gives from one subtree.</summary>
    private const int MaxValues = 16;

    /// <summary>Writes the 32-byte hash under a key of eight words and the mode's flags.</summary>
    [SkipLocalsInit]
    internal static void Hash(ReadOnlySpan<byte> input, ReadOnlySpan<uint> key, uint flags, Span<byte> hash, Blake3Degree degree)
    {
        var value = stackalloc uint[8];
        key.CopyTo(new Span<uint>(value, 8));
        if (input.Length <= Blake3.ChunkLength)
        {
            var block = stackalloc byte[Blake3.BlockLength];
            var blocks = 0;
            for (; input.Length > Blake3.BlockLength; input = input[Blake3.BlockLength..], blocks++)
            {
                fixed (byte* start = input)
                    Blake3Compression.Compress(value, start, 0, Blake3.BlockLength, flags | (blocks == 0 ? Blake3Flags.ChunkStart : 0), degree);
            }

            var rest = new Span<byte>(block, Blake3.BlockLength);
            input.CopyTo(rest);
            rest[input.Length..].Clear();
            var last = flags | Blake3Flags.ChunkEnd | Blake3Flags.Root | (blocks == 0 ? Blake3Flags.ChunkStart : 0);
            Blake3Compression.Compress(value, block, 0, (uint)input.Length, last, degree);
        }
        else
        {
            var parent = stackalloc byte[Blake3.BlockLength];
            fixed (byte* start = input)
                Halves(start, input.Length, value, 0, flags, parent, degree);
            Blake3Compression.Compress(value, parent, 0, Blake3.BlockLength, flags | Blake3Flags.Parent | Blake3Flags.Root, degree);
        }

        MemoryMarshal.AsBytes(new Span<uint>(value, 8)).CopyTo(hash);
    }

    /// <summary>
    /// Hashes a subtree of more than one chunk down to its two halves' chaining values: 64 bytes at <paramref name="parent"/>, the block of its top node.
    /// </summary>
    [SkipLocalsInit]
    internal static void Halves(byte* input, int length, uint* key, ulong firstCounter, uint flags, byte* parent, Blake3Degree degree)
    {
        var values = stackalloc byte[MaxValues * Blake3.HashLength];
        var count = Subtree(input, length, key, firstCounter, flags, values, degree);
        while (count > 2)
            count = MergeLevel(values, count, key, flags, values, degree);
        Unsafe.CopyBlockUnaligned(parent, values, Blake3.BlockLength);
    }

    /// <summary>
    /// Writes the chaining values of one level of a subtree and returns how many: at least two if it has more than one chunk, and at most <see cref="MaxValues"/>.
    /// </summary>
    [SkipLocalsInit]
    private static int Subtree(byte* input, int length, uint* key, ulong firstCounter, uint flags, byte* output, Blake3Degree degree)
    {
        var lanes = Math.Max((int)degree, 2);
        if (length <= lanes * Blake3.ChunkLength)
            return Chunks(input, length, key, firstCounter, flags, output, degree);
        var left = LeftLength(length);
        var values = stackalloc byte[2 * MaxValues * Blake3.HashLength];
        var leftCount = Subtree(input, left, key, firstCounter, flags, values, degree);
        var leftChunks = (uint)left / Blake3.ChunkLength;
        var right = values + leftCount * Blake3.HashLength;
        var rightCount = Subtree(input + left, length - left, key, unchecked(firstCounter + leftChunks), flags, right, degree);
        return MergeLevel(values, leftCount + rightCount, key, flags, output, degree);
    }

    /// <summary>Whole chunks side by side, then the last one if it is short.</summary>
    private static int Chunks(byte* input, int length, uint* key, ulong firstCounter, uint flags, byte* output, Blake3Degree degree)
    {
        var whole = length / Blake3.ChunkLength;
        Blake3Parallel.Chunks(input, whole, key, firstCounter, flags, output, degree);
        var rest = length - whole * Blake3.ChunkLength;
        if (rest == 0)
            return whole;
        var value = (uint*)(output + whole * Blake3.HashLength);
        new ReadOnlySpan<uint>(key, 8).CopyTo(new Span<uint>(value, 8));
        var block = stackalloc byte[Blake3.BlockLength];
        input += whole * Blake3.ChunkLength;
        for (var offset = 0; offset < rest; offset += Blake3.BlockLength)
        {
            var take = Math.Min(rest - offset, Blake3.BlockLength);
            Unsafe.CopyBlockUnaligned(block, input + offset, (uint)take);
            new Span<byte>(block, Blake3.BlockLength)[take..].Clear();
            var ends = (offset == 0 ? Blake3Flags.ChunkStart : 0) | (rest - offset == take ? Blake3Flags.ChunkEnd : 0);
            Blake3Compression.Compress(value, block, unchecked(firstCounter + (uint)whole), (uint)take, flags | ends, degree);
        }

        return whole + 1;
    }

    /// <summary>Merges neighbours into parents; an odd last one rises as it is. In place is allowed.</summary>
    private static int MergeLevel(byte* values, int count, uint* key, uint flags, byte* output, Blake3Degree degree)
    {
        var pairs = count / 2;
        Blake3Parallel.Parents(values, pairs, key, flags, output, degree);
        if (count % 2 == 0)
            return pairs;
        Unsafe.CopyBlockUnaligned(output + pairs * Blake3.HashLength, values + (count - 1) * Blake3.HashLength, Blake3.HashLength);
        return pairs + 1;
    }

    /// <summary>Bytes of the left subtree (§2.1): a power of two of chunks, as large as leaves one byte for the right.</summary>
    private static int LeftLength(int length) => Blake3.ChunkLength << BitOperations.Log2((uint)(length - 1) / Blake3.ChunkLength);
}
