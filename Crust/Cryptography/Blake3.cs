using System.Numerics;
using System.Runtime.CompilerServices;

namespace Crust.Cryptography;

/// <summary>
/// BLAKE3 one-shot hashing and the compression function (BLAKE3 specification §2). The default output is 32 bytes; inputs of any length.
/// Scalar: 32-bit words, one block at a time.
/// </summary>
internal static class Blake3
{
    internal const int HashLength = 32;
    internal const int KeyLength = 32;
    internal const int BlockLength = 64;
    internal const int ChunkLength = 1024;

    /// <summary>The initial chaining value, which SHA-256 uses too (§2.2).</summary>
    internal static ReadOnlySpan<uint> InitialValue =>
        [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19];

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

    /// <summary>Writes the 32-byte hash of <paramref name="input"/>.</summary>
    internal static void Hash(ReadOnlySpan<byte> input, Span<byte> hash)
    {
        Lengths.Require(hash, HashLength);
        var hasher = new Blake3Hasher();
        hasher.Update(input);
        hasher.Finish(hash);
    }

    internal static byte[] Hash(ReadOnlySpan<byte> input)
    {
        var hash = new byte[HashLength];
        Hash(input, hash);
        return hash;
    }

    /// <summary>The compression function (§2.2): 16 words of output state from a chaining value, a block, a counter, a length and flags.</summary>
    internal static void Compress(ReadOnlySpan<uint> chainingValue, ReadOnlySpan<uint> block, ulong counter, uint blockLength, uint flags, Span<uint> state)
    {
        chainingValue[..8].CopyTo(state);
        InitialValue[..4].CopyTo(state[8..]);
        unchecked
        {
            state[12] = (uint)counter;
            state[13] = (uint)(counter >> 32);
        }

        state[14] = blockLength;
        state[15] = flags;
        for (var round = 0; round < Schedule.Length; round += 16)
        {
            var order = Schedule.Slice(round, 16);
            Mix(state, 0, 4, 8, 12, block[order[0]], block[order[1]]);
            Mix(state, 1, 5, 9, 13, block[order[2]], block[order[3]]);
            Mix(state, 2, 6, 10, 14, block[order[4]], block[order[5]]);
            Mix(state, 3, 7, 11, 15, block[order[6]], block[order[7]]);
            Mix(state, 0, 5, 10, 15, block[order[8]], block[order[9]]);
            Mix(state, 1, 6, 11, 12, block[order[10]], block[order[11]]);
            Mix(state, 2, 7, 8, 13, block[order[12]], block[order[13]]);
            Mix(state, 3, 4, 9, 14, block[order[14]], block[order[15]]);
        }

        for (var i = 0; i < 8; i++)
        {
            state[i] ^= state[i + 8];
            state[i + 8] ^= chainingValue[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(Span<uint> state, int a, int b, int c, int d, uint first, uint second)
    {
        unchecked
        {
            state[a] = state[a] + state[b] + first;
            state[d] = BitOperations.RotateRight(state[d] ^ state[a], 16);
            state[c] += state[d];
            state[b] = BitOperations.RotateRight(state[b] ^ state[c], 12);
            state[a] = state[a] + state[b] + second;
            state[d] = BitOperations.RotateRight(state[d] ^ state[a], 8);
            state[c] += state[d];
            state[b] = BitOperations.RotateRight(state[b] ^ state[c], 7);
        }
    }
}
