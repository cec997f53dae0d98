using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crust.Cryptography;

/// <summary>
/// The compression function (BLAKE3 specification §2.2, §5.3) for as many inputs at once as a vector has elements. Vector i of a state holds word i of every lane;
/// the blocks' words are transposed into that order as they are loaded. The 16 state vectors live in registers, or row c beside the 16 message vectors in 64-byte aligned stack.
/// What is marked for full optimisation, here and around it, is compiled once: the runtime's tiers would run it many times slower in a process's first seconds.
/// </summary>
internal static unsafe class Blake3Wide<TLanes, TVector>
    where TLanes : struct, IBlake3Lanes<TVector>
    where TVector : unmanaged
{
    /// <summary>
    /// The message word order of the seven rounds, each index times 8: so a word's vector stands at (entry × a power of two ≤ 8) bytes, which an x86 address can say.
    /// </summary>
    private static ReadOnlySpan<byte> Schedule =>
    [
        0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120,
        16, 48, 24, 80, 56, 0, 32, 104, 8, 88, 96, 40, 72, 112, 120, 64,
        24, 32, 80, 96, 104, 16, 56, 112, 48, 40, 72, 0, 88, 120, 64, 8,
        80, 56, 96, 72, 112, 24, 104, 120, 32, 0, 88, 16, 40, 64, 8, 48,
        96, 104, 72, 88, 120, 80, 112, 64, 56, 16, 40, 24, 0, 8, 48, 32,
        72, 112, 88, 40, 64, 96, 120, 8, 104, 24, 0, 80, 16, 48, 32, 56,
        88, 120, 40, 0, 8, 72, 64, 48, 112, 80, 16, 96, 24, 32, 56, 104,
    ];

    /// <summary>Compresses blocks of 64 bytes of every lane, one after another.</summary>
    /// <param name="lanes">Where each lane's input begins.</param>
    /// <param name="begin">Offset in bytes of the first block in each input.</param>
    /// <param name="end">Offset behind the last block; more than <paramref name="begin"/>.</param>
    /// <param name="values">Eight vectors: the chaining values, replaced by the new ones.</param>
    /// <param name="tails">Four vectors: the counters' low and high words, the block lengths, the flags.</param>
    /// <param name="firstFlags">Flags of the first block besides.</param>
    /// <param name="lastFlags">Flags of the last block besides.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Compress(byte** lanes, nint begin, nint end, TVector* values, TVector* tails, uint firstFlags, uint lastFlags)
    {
        unchecked
        {
            var room = stackalloc byte[20 * sizeof(TVector) + 63];
            var block = (byte*)(((nuint)room + 63) & ~(nuint)63);
            var c = (TVector*)block + 16;

            // The table is data of the assembly's image, which does not move.
            var schedule = (byte*)Unsafe.AsPointer(ref Unsafe.AsRef(in Schedule[0]));
            TVector v0 = values[0], v1 = values[1], v2 = values[2], v3 = values[3], v4 = values[4], v5 = values[5], v6 = values[6], v7 = values[7];
            var flags = firstFlags;
            for (var offset = begin; offset < end; offset += Blake3.BlockLength)
            {
                for (nint quarter = 0; quarter < 4; quarter++)
                    Transpose(lanes, offset + quarter * 16, (TVector*)block + quarter * 4);
                if (offset == end - Blake3.BlockLength)
                    flags |= lastFlags;

                TVector v8 = TLanes.Broadcast(Blake3.InitialValue[0]), v9 = TLanes.Broadcast(Blake3.InitialValue[1]);
                TVector v10 = TLanes.Broadcast(Blake3.InitialValue[2]), v11 = TLanes.Broadcast(Blake3.InitialValue[3]);
                TVector v12 = tails[0], v13 = tails[1], v14 = tails[2], v15 = TLanes.Xor(tails[3], TLanes.Broadcast(flags));
                flags = 0;
                if (TLanes.RegistersAreFew)
                {
                    c[0] = v8;
                    c[1] = v9;
                    c[2] = v10;
                    c[3] = v11;
                }

                var order = schedule;
                for (var lastOrder = order + Schedule.Length; order < lastOrder; order += 16)
                {
                    if (TLanes.RegistersAreFew)
                    {
                        Mix(ref v0, ref v4, ref c[0], ref v12, block, order);
                        Mix(ref v1, ref v5, ref c[1], ref v13, block, order + 2);
                        Mix(ref v2, ref v6, ref c[2], ref v14, block, order + 4);
                        Mix(ref v3, ref v7, ref c[3], ref v15, block, order + 6);
                        Mix(ref v0, ref v5, ref c[2], ref v15, block, order + 8);
                        Mix(ref v1, ref v6, ref c[3], ref v12, block, order + 10);
                        Mix(ref v2, ref v7, ref c[0], ref v13, block, order + 12);
                        Mix(ref v3, ref v4, ref c[1], ref v14, block, order + 14);
                    }
                    else
                    {
                        Mix(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref v8, ref v9, ref v10, ref v11, ref v12, ref v13, ref v14, ref v15,
                            block, order);
                        Mix(ref v0, ref v1, ref v2, ref v3, ref v5, ref v6, ref v7, ref v4, ref v10, ref v11, ref v8, ref v9, ref v15, ref v12, ref v13, ref v14,
                            block, order + 8);
                    }
                }

                if (TLanes.RegistersAreFew)
                    (v8, v9, v10, v11) = (c[0], c[1], c[2], c[3]);
                v0 = TLanes.Xor(v0, v8);
                v1 = TLanes.Xor(v1, v9);
                v2 = TLanes.Xor(v2, v10);
                v3 = TLanes.Xor(v3, v11);
                v4 = TLanes.Xor(v4, v12);
                v5 = TLanes.Xor(v5, v13);
                v6 = TLanes.Xor(v6, v14);
                v7 = TLanes.Xor(v7, v15);
            }

            values[0] = v0;
            values[1] = v1;
            values[2] = v2;
            values[3] = v3;
            values[4] = v4;
            values[5] = v5;
            values[6] = v6;
            values[7] = v7;
        }
    }

    /// <summary>Writes the 32-byte chaining value of every lane to where <paramref name="outputs"/> says.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Store(TVector* values, byte** outputs)
    {
        unchecked
        {
            for (nint lane = 0; lane < TLanes.Count; lane += 4)
            {
                var column = (uint*)values + lane;
                Store(column, outputs + lane, 0);
                Store(column + TLanes.Count * 4, outputs + lane, 16);
            }
        }
    }

    /// <summary>Half a chaining value of four lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(uint* column, byte** outputs, nint offset)
    {
        unchecked
        {
            var a = Vector128.Load(column);
            var b = Vector128.Load(column + TLanes.Count);
            var c = Vector128.Load(column + TLanes.Count * 2);
            var d = Vector128.Load(column + TLanes.Count * 3);
            Quadruple<Blake3Lanes128, Vector128<uint>>(ref a, ref b, ref c, ref d);
            a.Store((uint*)(outputs[0] + offset));
            b.Store((uint*)(outputs[1] + offset));
            c.Store((uint*)(outputs[2] + offset));
            d.Store((uint*)(outputs[3] + offset));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(byte** lanes, nint offset, TVector* words)
    {
        var a = TLanes.Gather(lanes, 0, offset);
        var b = TLanes.Gather(lanes, 1, offset);
        var c = TLanes.Gather(lanes, 2, offset);
        var d = TLanes.Gather(lanes, 3, offset);
        Quadruple<TLanes, TVector>(ref a, ref b, ref c, ref d);
        words[0] = a;
        words[1] = b;
        words[2] = c;
        words[3] = d;
    }

    /// <summary>Transposes the four by four words in each 128 bits of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quadruple<TL, TV>(ref TV a, ref TV b, ref TV c, ref TV d)
        where TL : struct, IBlake3Lanes<TV>
        where TV : unmanaged
    {
        var (lowAb, highAb) = (TL.InterleaveLow(a, b), TL.InterleaveHigh(a, b));
        var (lowCd, highCd) = (TL.InterleaveLow(c, d), TL.InterleaveHigh(c, d));
        a = TL.PairLow(lowAb, lowCd);
        b = TL.PairHigh(lowAb, lowCd);
        c = TL.PairLow(highAb, highCd);
        d = TL.PairHigh(highAb, highCd);
    }

    /// <summary>Four of the specification's G at once, on columns or diagonals; the interleaving feeds the processor four independent chains.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(
        ref TVector a0, ref TVector a1, ref TVector a2, ref TVector a3, ref TVector b0, ref TVector b1, ref TVector b2, ref TVector b3,
        ref TVector c0, ref TVector c1, ref TVector c2, ref TVector c3, ref TVector d0, ref TVector d1, ref TVector d2, ref TVector d3,
        byte* block, byte* order)
    {
        unchecked
        {
            a0 = TLanes.Add(TLanes.Add(a0, Word(block, order[0])), b0);
            a1 = TLanes.Add(TLanes.Add(a1, Word(block, order[2])), b1);
            a2 = TLanes.Add(TLanes.Add(a2, Word(block, order[4])), b2);
            a3 = TLanes.Add(TLanes.Add(a3, Word(block, order[6])), b3);
            d0 = TLanes.RotateRight16(TLanes.Xor(d0, a0));
            d1 = TLanes.RotateRight16(TLanes.Xor(d1, a1));
            d2 = TLanes.RotateRight16(TLanes.Xor(d2, a2));
            d3 = TLanes.RotateRight16(TLanes.Xor(d3, a3));
            c0 = TLanes.Add(c0, d0);
            c1 = TLanes.Add(c1, d1);
            c2 = TLanes.Add(c2, d2);
            c3 = TLanes.Add(c3, d3);
            b0 = TLanes.RotateRight12(TLanes.Xor(b0, c0));
            b1 = TLanes.RotateRight12(TLanes.Xor(b1, c1));
            b2 = TLanes.RotateRight12(TLanes.Xor(b2, c2));
            b3 = TLanes.RotateRight12(TLanes.Xor(b3, c3));
            a0 = TLanes.Add(TLanes.Add(a0, Word(block, order[1])), b0);
            a1 = TLanes.Add(TLanes.Add(a1, Word(block, order[3])), b1);
            a2 = TLanes.Add(TLanes.Add(a2, Word(block, order[5])), b2);
            a3 = TLanes.Add(TLanes.Add(a3, Word(block, order[7])), b3);
            d0 = TLanes.RotateRight8(TLanes.Xor(d0, a0));
            d1 = TLanes.RotateRight8(TLanes.Xor(d1, a1));
            d2 = TLanes.RotateRight8(TLanes.Xor(d2, a2));
            d3 = TLanes.RotateRight8(TLanes.Xor(d3, a3));
            c0 = TLanes.Add(c0, d0);
            c1 = TLanes.Add(c1, d1);
            c2 = TLanes.Add(c2, d2);
            c3 = TLanes.Add(c3, d3);
            b0 = TLanes.RotateRight7(TLanes.Xor(b0, c0));
            b1 = TLanes.RotateRight7(TLanes.Xor(b1, c1));
            b2 = TLanes.RotateRight7(TLanes.Xor(b2, c2));
            b3 = TLanes.RotateRight7(TLanes.Xor(b3, c3));
        }
    }

    /// <summary>One G, for processors with 16 registers: row c lives in memory, where its loads and stores wait for nobody.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ref TVector a, ref TVector b, ref TVector c, ref TVector d, byte* block, byte* order)
    {
        a = TLanes.Add(TLanes.Add(a, Word(block, order[0])), b);
        d = TLanes.RotateRight16(TLanes.Xor(d, a));
        var sum = TLanes.Add(d, c);
        b = TLanes.RotateRight12(TLanes.Xor(b, sum));
        a = TLanes.Add(TLanes.Add(a, Word(block, order[1])), b);
        d = TLanes.RotateRight8(TLanes.Xor(d, a));
        sum = TLanes.Add(sum, d);
        c = sum;
        b = TLanes.RotateRight7(TLanes.Xor(b, sum));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Word(byte* block, byte entry) => unchecked(*(TVector*)(block + (nuint)entry * (nuint)(sizeof(TVector) / 8)));
}
