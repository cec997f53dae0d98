using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crust.Cryptography;

/// <summary>
/// The compression function of one block (BLAKE3 specification §2.2). The state is four rows of four words, a <see cref="Vector128{T}"/> each; columns are mixed,
/// the rows turned against each other so that diagonals stand in columns, and turned back. Row b, on which everything waits, stays where it is.
/// </summary>
internal static unsafe class Blake3Compression
{
    /// <summary>
    /// For each round the message words of the columns' first and second halves, then of the diagonals': the schedule of §2.2, picked apart for vectors.
    /// A diagonal's words begin with the fourth one, since row a is turned by one.
    /// </summary>
    private static ReadOnlySpan<byte> Schedule =>
    [
        0, 2, 4, 6, 1, 3, 5, 7, 14, 8, 10, 12, 15, 9, 11, 13,
        2, 3, 7, 4, 6, 10, 0, 13, 15, 1, 12, 9, 8, 11, 5, 14,
        3, 10, 13, 7, 4, 12, 2, 14, 8, 6, 9, 11, 1, 5, 0, 15,
        10, 12, 14, 13, 7, 9, 3, 15, 1, 4, 11, 5, 6, 0, 2, 8,
        12, 9, 15, 14, 13, 11, 10, 8, 6, 7, 5, 0, 4, 2, 3, 1,
        9, 11, 8, 15, 14, 5, 12, 1, 4, 13, 0, 2, 7, 3, 10, 6,
        11, 5, 1, 8, 15, 0, 9, 6, 7, 14, 2, 3, 13, 10, 12, 4,
    ];

    /// <summary>
    /// Replaces the eight words of <paramref name="value"/> by the next chaining value. Not inlined: what inlines it is not compiled ahead of time, and each copy is compiled anew when it first runs.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static void Compress(uint* value, byte* block, ulong counter, uint length, uint flags, Blake3Degree degree)
    {
        unchecked
        {
            Vector128<uint> a, b, c, d;
            if (degree == Blake3Degree.Scalar)
                Scalar(value, block, counter, length, flags, out a, out b, out c, out d);
            else
                Rows(value, (uint*)block, counter, length, flags, out a, out b, out c, out d);
            (a ^ c).Store(value);
            (b ^ d).Store(value + 4);
        }
    }

    /// <summary>Writes 64 bytes of extended output (§2.6); <paramref name="counter"/> is the output block's for a root.</summary>
    [SkipLocalsInit]
    internal static void Extend(uint* value, byte* block, ulong counter, uint length, uint flags, byte* output, Blake3Degree degree)
    {
        unchecked
        {
            Vector128<uint> a, b, c, d;
            if (degree == Blake3Degree.Scalar)
                Scalar(value, block, counter, length, flags, out a, out b, out c, out d);
            else
                Rows(value, (uint*)block, counter, length, flags, out a, out b, out c, out d);
            var words = (uint*)output;
            (a ^ c).Store(words);
            (b ^ d).Store(words + 4);
            (c ^ Vector128.Load(value)).Store(words + 8);
            (d ^ Vector128.Load(value + 4)).Store(words + 12);
        }
    }

    private static void Scalar(
        uint* value, byte* block, ulong counter, uint length, uint flags,
        out Vector128<uint> a, out Vector128<uint> b, out Vector128<uint> c, out Vector128<uint> d)
    {
        var state = stackalloc uint[16];
        Blake3Scalar.Rounds(value, (uint*)block, counter, length, flags, state);
        a = Vector128.Load(state);
        b = Vector128.Load(state + 4);
        c = Vector128.Load(state + 8);
        d = Vector128.Load(state + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rows(
        uint* value, uint* block, ulong counter, uint length, uint flags,
        out Vector128<uint> rowA, out Vector128<uint> rowB, out Vector128<uint> rowC, out Vector128<uint> rowD)
    {
        unchecked
        {
            var a = Vector128.Load(value);
            var b = Vector128.Load(value + 4);
            var c = Vector128.Create(Blake3.InitialValue[..4]);
            var d = Vector128.Create((uint)counter, (uint)(counter >> 32), length, flags);

            // The table is data of the assembly's image, which does not move.
            var order = (byte*)Unsafe.AsPointer(ref Unsafe.AsRef(in Schedule[0]));
            for (var end = order + Schedule.Length; order < end; order += 16)
            {
                Mix(ref a, ref b, ref c, ref d, Pick(block, order), Pick(block, order + 4));
                a = Vector128.Shuffle(a, Vector128.Create(3u, 0, 1, 2));
                c = Vector128.Shuffle(c, Vector128.Create(1u, 2, 3, 0));
                d = Vector128.Shuffle(d, Vector128.Create(2u, 3, 0, 1));
                Mix(ref a, ref b, ref c, ref d, Pick(block, order + 8), Pick(block, order + 12));
                a = Vector128.Shuffle(a, Vector128.Create(1u, 2, 3, 0));
                c = Vector128.Shuffle(c, Vector128.Create(3u, 0, 1, 2));
                d = Vector128.Shuffle(d, Vector128.Create(2u, 3, 0, 1));
            }

            (rowA, rowB, rowC, rowD) = (a, b, c, d);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Pick(uint* block, byte* order) =>
        unchecked(Vector128.Create(block[(nuint)order[0]], block[(nuint)order[1]], block[(nuint)order[2]], block[(nuint)order[3]]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(
        ref Vector128<uint> a, ref Vector128<uint> b, ref Vector128<uint> c, ref Vector128<uint> d, Vector128<uint> first, Vector128<uint> second)
    {
        a = a + first + b;
        d = Blake3Lanes128.RotateRight16(d ^ a);
        c += d;
        b = Blake3Lanes128.RotateRight12(b ^ c);
        a = a + second + b;
        d = Blake3Lanes128.RotateRight8(d ^ a);
        c += d;
        b = Blake3Lanes128.RotateRight7(b ^ c);
    }
}
