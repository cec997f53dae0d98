using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Crust.Cryptography;

/// <summary>Sixteen lanes in <see cref="Vector512{T}"/>: AVX-512F, or two halves of <see cref="Vector256{T}"/>.</summary>
internal readonly unsafe struct Blake3Lanes512 : IBlake3Lanes<Vector512<uint>>
{
    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512<uint>.Count;
    }

    public static bool RegistersAreFew
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !Avx512F.IsSupported;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Broadcast(uint word) => Vector512.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Add(Vector512<uint> left, Vector512<uint> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Xor(Vector512<uint> left, Vector512<uint> right) => left ^ right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RotateRight16(Vector512<uint> value) => Avx512F.IsSupported
        ? Avx512F.RotateRight(value, 16)
        : (value >>> 16) | (value << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RotateRight12(Vector512<uint> value) => Avx512F.IsSupported
        ? Avx512F.RotateRight(value, 12)
        : (value >>> 12) | (value << 20);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RotateRight8(Vector512<uint> value) => Avx512F.IsSupported
        ? Avx512F.RotateRight(value, 8)
        : (value >>> 8) | (value << 24);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RotateRight7(Vector512<uint> value) => Avx512F.IsSupported
        ? Avx512F.RotateRight(value, 7)
        : (value >>> 7) | (value << 25);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Gather(byte** lanes, int lane, nint offset) =>
        Blake3Lanes256.Gather(lanes, lane, offset).ToVector512Unsafe().WithUpper(Blake3Lanes256.Gather(lanes, unchecked(lane + 8), offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> InterleaveLow(Vector512<uint> left, Vector512<uint> right) => Avx512F.IsSupported
        ? Avx512F.UnpackLow(left, right)
        : Vector512.Create(Blake3Lanes256.InterleaveLow(left.GetLower(), right.GetLower()), Blake3Lanes256.InterleaveLow(left.GetUpper(), right.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> InterleaveHigh(Vector512<uint> left, Vector512<uint> right) => Avx512F.IsSupported
        ? Avx512F.UnpackHigh(left, right)
        : Vector512.Create(Blake3Lanes256.InterleaveHigh(left.GetLower(), right.GetLower()), Blake3Lanes256.InterleaveHigh(left.GetUpper(), right.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> PairLow(Vector512<uint> left, Vector512<uint> right) => Avx512F.IsSupported
        ? Avx512F.UnpackLow(left.AsUInt64(), right.AsUInt64()).AsUInt32()
        : Vector512.Create(Blake3Lanes256.PairLow(left.GetLower(), right.GetLower()), Blake3Lanes256.PairLow(left.GetUpper(), right.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> PairHigh(Vector512<uint> left, Vector512<uint> right) => Avx512F.IsSupported
        ? Avx512F.UnpackHigh(left.AsUInt64(), right.AsUInt64()).AsUInt32()
        : Vector512.Create(Blake3Lanes256.PairHigh(left.GetLower(), right.GetLower()), Blake3Lanes256.PairHigh(left.GetUpper(), right.GetUpper()));
}
