using System.Numerics;
using System.Runtime.CompilerServices;

namespace Crust.Cryptography;

/// <summary>The compression function (BLAKE3 specification §2.2) on 32-bit words in locals: for processors without vectors, and to hold the others to.</summary>
internal static unsafe class Blake3Scalar
{
    /// <summary>The message word order of the seven rounds: the permutation of §2.2 applied again and again.</summary>
    private static ReadOnlySpan<byte> Schedule =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8,
        3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1,
        10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6,
        12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4,
        9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7,
        11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13,
    ];

    /// <summary>Writes the 16 words of state after the last round, before the halves are folded.</summary>
    [SkipLocalsInit]
    internal static void Rounds(uint* value, uint* block, ulong counter, uint length, uint flags, uint* state)
    {
        unchecked
        {
            uint v0 = value[0], v1 = value[1], v2 = value[2], v3 = value[3], v4 = value[4], v5 = value[5], v6 = value[6], v7 = value[7];
            var initial = Blake3.InitialValue;
            uint v8 = initial[0], v9 = initial[1], v10 = initial[2], v11 = initial[3];
            uint v12 = (uint)counter, v13 = (uint)(counter >> 32), v14 = length, v15 = flags;

            // The table is data of the assembly's image, which does not move.
            var order = (byte*)Unsafe.AsPointer(ref Unsafe.AsRef(in Schedule[0]));
            for (var end = order + Schedule.Length; order < end; order += 16)
            {
                Mix(ref v0, ref v4, ref v8, ref v12, block[order[0]], block[order[1]]);
                Mix(ref v1, ref v5, ref v9, ref v13, block[order[2]], block[order[3]]);
                Mix(ref v2, ref v6, ref v10, ref v14, block[order[4]], block[order[5]]);
                Mix(ref v3, ref v7, ref v11, ref v15, block[order[6]], block[order[7]]);
                Mix(ref v0, ref v5, ref v10, ref v15, block[order[8]], block[order[9]]);
                Mix(ref v1, ref v6, ref v11, ref v12, block[order[10]], block[order[11]]);
                Mix(ref v2, ref v7, ref v8, ref v13, block[order[12]], block[order[13]]);
                Mix(ref v3, ref v4, ref v9, ref v14, block[order[14]], block[order[15]]);
            }

            (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]) = (v0, v1, v2, v3, v4, v5, v6, v7);
            (state[8], state[9], state[10], state[11], state[12], state[13], state[14], state[15]) = (v8, v9, v10, v11, v12, v13, v14, v15);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ref uint a, ref uint b, ref uint c, ref uint d, uint first, uint second)
    {
        unchecked
        {
            a = a + b + first;
            d = BitOperations.RotateRight(d ^ a, 16);
            c += d;
            b = BitOperations.RotateRight(b ^ c, 12);
            a = a + b + second;
            d = BitOperations.RotateRight(d ^ a, 8);
            c += d;
            b = BitOperations.RotateRight(b ^ c, 7);
        }
    }
}
