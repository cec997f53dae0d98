using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Crust.Cryptography;

/// <summary>
/// AEGIS-256X of degree 2 with the 256-bit tag (draft-irtf-cfrg-aegis-aead, "Parallel Modes"): two AEGIS-256 states side by side, each taking every second 16 bytes, so that the processor computes one
/// while it waits for the other. Key 32 bytes, nonce 32, tag 32, as safe as AEGIS-256. Ours, since libsodium has no parallel mode; x86 with AES instructions only: <see cref="IsSupported"/>.
/// The tag follows the ciphertext. A destination may start where its source starts; any other overlap is a bug.
/// </summary>
internal static unsafe class Aegis256X2
{
    internal const int KeyLength = 32;
    internal const int NonceLength = 32;
    internal const int TagLength = 32;

    /// <summary>Bytes that one step takes: a block.</summary>
    internal const int BlockLength = 32;

    private const int WordLength = 16;

    internal static bool IsSupported => Aes.IsSupported && Avx.IsSupported;

    /// <summary>Encrypts into exactly <c>plaintext.Length + <see cref="TagLength"/></c> bytes. A nonce is used once with a key.</summary>
    internal static void Encrypt(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
    {
        Lengths.Require(ciphertext, plaintext.Length + TagLength);
        new Encryptor(key, nonce, associatedData).Finish(plaintext, ciphertext);
    }

    /// <summary>Decrypts into exactly <c>ciphertext.Length − <see cref="TagLength"/></c> bytes.</summary>
    /// <returns>False when it is shorter than a tag or not authentic; the plaintext then holds zeros.</returns>
    internal static bool TryDecrypt(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
    {
        var length = ciphertext.Length - TagLength;
        if (length < 0)
            return false;
        Lengths.Require(plaintext, length);
        var state = Initialize(key, nonce, associatedData);
        var whole = length - (length % BlockLength);
        fixed (byte* c = ciphertext, m = plaintext)
            Decrypt(ref state, c, m, whole);
        if (whole < length)
            DecryptLast(ref state, ciphertext[whole..length], plaintext[whole..]);
        Span<byte> tag = stackalloc byte[TagLength];
        WriteTag(ref state, associatedData.Length, length, tag);
        if (Secrets.FixedTimeEquals(tag, ciphertext[length..]))
            return true;
        plaintext.Clear();
        Secrets.Zero(tag);
        return false;
    }

    private static State Initialize(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData)
    {
        Lengths.Require(key, KeyLength);
        Lengths.Require(nonce, NonceLength);
        var (k0, k1) = (Word(key), Word(key[WordLength..]));
        var (n0, n1) = (k0 ^ Word(nonce), k1 ^ Word(nonce[WordLength..]));
        var c0 = Vector128.Create((byte)0x00, 0x01, 0x01, 0x02, 0x03, 0x05, 0x08, 0x0d, 0x15, 0x22, 0x37, 0x59, 0x90, 0xe9, 0x79, 0x62);
        var c1 = Vector128.Create((byte)0xdb, 0x3d, 0x18, 0x55, 0x6d, 0xc2, 0x2f, 0xf1, 0x20, 0x11, 0x31, 0x42, 0x73, 0xb5, 0x28, 0xdd);
        State state;
        state.A0 = state.B0 = n0;
        state.A1 = state.B1 = n1;
        state.A2 = state.B2 = c1;
        state.A3 = state.B3 = c0;
        state.A4 = state.B4 = k0 ^ c0;
        state.A5 = state.B5 = k1 ^ c1;

        // Which of the states it is, then the last one's index: what makes them differ.
        var first = Vector128<byte>.Zero.WithElement(1, (byte)1);
        var second = first.WithElement(0, (byte)1);
        var schedule = stackalloc Vector128<byte>[8] { k0, k0, k1, k1, n0, n0, n1, n1 };
        for (var i = 0; i < 4; i++)
            Absorb(ref state, (byte*)schedule, 4, BlockLength, first, second);

        var whole = associatedData.Length / BlockLength;
        fixed (byte* a = associatedData)
            Absorb(ref state, a, whole, BlockLength, default, default);
        var rest = associatedData[(whole * BlockLength)..];
        if (rest.IsEmpty)
            return state;
        Span<byte> padded = stackalloc byte[BlockLength];
        padded.Clear();
        rest.CopyTo(padded);
        fixed (byte* p = padded)
            Absorb(ref state, p, 1, BlockLength, default, default);
        return state;
    }

    /// <summary>Takes blocks that are not encrypted, each after the two words were added to the fourth and sixth of their states.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Absorb(ref State state, byte* source, int blocks, int stride, Vector128<byte> first, Vector128<byte> second)
    {
        var (a0, a1, a2, a3, a4, a5) = (state.A0, state.A1, state.A2, state.A3, state.A4, state.A5);
        var (b0, b1, b2, b3, b4, b5) = (state.B0, state.B1, state.B2, state.B3, state.B4, state.B5);
        for (; blocks > 0; blocks--, source += stride)
        {
            a3 ^= first;
            b3 ^= second;
            a5 ^= first;
            b5 ^= second;
            var (a, b) = (a5, b5);
            a5 = Aes.Encrypt(a4, a5);
            b5 = Aes.Encrypt(b4, b5);
            a4 = Aes.Encrypt(a3, a4);
            b4 = Aes.Encrypt(b3, b4);
            a3 = Aes.Encrypt(a2, a3);
            b3 = Aes.Encrypt(b2, b3);
            a2 = Aes.Encrypt(a1, a2);
            b2 = Aes.Encrypt(b1, b2);
            a1 = Aes.Encrypt(a0, a1);
            b1 = Aes.Encrypt(b0, b1);
            a0 = Aes.Encrypt(a, a0 ^ Vector128.Load(source));
            b0 = Aes.Encrypt(b, b0 ^ Vector128.Load(source + WordLength));
        }

        (state.A0, state.A1, state.A2, state.A3, state.A4, state.A5) = (a0, a1, a2, a3, a4, a5);
        (state.B0, state.B1, state.B2, state.B3, state.B4, state.B5) = (b0, b1, b2, b3, b4, b5);
    }

    /// <summary>Whole blocks only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Encrypt(ref State state, byte* source, byte* destination, nint length)
    {
        var (a0, a1, a2, a3, a4, a5) = (state.A0, state.A1, state.A2, state.A3, state.A4, state.A5);
        var (b0, b1, b2, b3, b4, b5) = (state.B0, state.B1, state.B2, state.B3, state.B4, state.B5);
        for (nint i = 0; i < length; i += BlockLength)
        {
            var (x, y) = (Vector128.Load(source + i), Vector128.Load(source + i + WordLength));
            (a1 ^ a4 ^ a5 ^ (a2 & a3) ^ x).Store(destination + i);
            (b1 ^ b4 ^ b5 ^ (b2 & b3) ^ y).Store(destination + i + WordLength);
            var (a, b) = (a5, b5);
            a5 = Aes.Encrypt(a4, a5);
            b5 = Aes.Encrypt(b4, b5);
            a4 = Aes.Encrypt(a3, a4);
            b4 = Aes.Encrypt(b3, b4);
            a3 = Aes.Encrypt(a2, a3);
            b3 = Aes.Encrypt(b2, b3);
            a2 = Aes.Encrypt(a1, a2);
            b2 = Aes.Encrypt(b1, b2);
            a1 = Aes.Encrypt(a0, a1);
            b1 = Aes.Encrypt(b0, b1);
            a0 = Aes.Encrypt(a, a0 ^ x);
            b0 = Aes.Encrypt(b, b0 ^ y);
        }

        (state.A0, state.A1, state.A2, state.A3, state.A4, state.A5) = (a0, a1, a2, a3, a4, a5);
        (state.B0, state.B1, state.B2, state.B3, state.B4, state.B5) = (b0, b1, b2, b3, b4, b5);
    }

    /// <summary>Whole blocks only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Decrypt(ref State state, byte* source, byte* destination, nint length)
    {
        var (a0, a1, a2, a3, a4, a5) = (state.A0, state.A1, state.A2, state.A3, state.A4, state.A5);
        var (b0, b1, b2, b3, b4, b5) = (state.B0, state.B1, state.B2, state.B3, state.B4, state.B5);
        for (nint i = 0; i < length; i += BlockLength)
        {
            var x = a1 ^ a4 ^ a5 ^ (a2 & a3) ^ Vector128.Load(source + i);
            var y = b1 ^ b4 ^ b5 ^ (b2 & b3) ^ Vector128.Load(source + i + WordLength);
            x.Store(destination + i);
            y.Store(destination + i + WordLength);
            var (a, b) = (a5, b5);
            a5 = Aes.Encrypt(a4, a5);
            b5 = Aes.Encrypt(b4, b5);
            a4 = Aes.Encrypt(a3, a4);
            b4 = Aes.Encrypt(b3, b4);
            a3 = Aes.Encrypt(a2, a3);
            b3 = Aes.Encrypt(b2, b3);
            a2 = Aes.Encrypt(a1, a2);
            b2 = Aes.Encrypt(b1, b2);
            a1 = Aes.Encrypt(a0, a1);
            b1 = Aes.Encrypt(b0, b1);
            a0 = Aes.Encrypt(a, a0 ^ x);
            b0 = Aes.Encrypt(b, b0 ^ y);
        }

        (state.A0, state.A1, state.A2, state.A3, state.A4, state.A5) = (a0, a1, a2, a3, a4, a5);
        (state.B0, state.B1, state.B2, state.B3, state.B4, state.B5) = (b0, b1, b2, b3, b4, b5);
    }

    /// <summary>Less than a block: what is decrypted beyond its end is not absorbed, but zeros.</summary>
    private static void DecryptLast(ref State state, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        Span<byte> block = stackalloc byte[BlockLength];
        block.Clear();
        source.CopyTo(block);
        (Word(block) ^ state.A1 ^ state.A4 ^ state.A5 ^ (state.A2 & state.A3)).CopyTo(block);
        (Word(block[WordLength..]) ^ state.B1 ^ state.B4 ^ state.B5 ^ (state.B2 & state.B3)).CopyTo(block[WordLength..]);
        block[source.Length..].Clear();
        block[..source.Length].CopyTo(destination);
        fixed (byte* b = block)
            Absorb(ref state, b, 1, BlockLength, default, default);
        Secrets.Zero(block);
    }

    private static void WriteTag(ref State state, int associatedDataLength, int length, Span<byte> tag)
    {
        Span<byte> bits = stackalloc byte[WordLength];
        BinaryPrimitives.WriteUInt64LittleEndian(bits, (ulong)associatedDataLength * 8);
        BinaryPrimitives.WriteUInt64LittleEndian(bits[sizeof(ulong)..], (ulong)length * 8);
        var block = stackalloc Vector128<byte>[2] { state.A3 ^ Word(bits), state.B3 ^ Word(bits) };
        Absorb(ref state, (byte*)block, 7, stride: 0, default, default);
        (state.A0 ^ state.A1 ^ state.A2 ^ state.B0 ^ state.B1 ^ state.B2).CopyTo(tag);
        (state.A3 ^ state.A4 ^ state.A5 ^ state.B3 ^ state.B4 ^ state.B5).CopyTo(tag[WordLength..]);
    }

    private static Vector128<byte> Word(ReadOnlySpan<byte> bytes) => Vector128.Create(bytes);

    /// <summary>
    /// Encrypts a plaintext that lies in pieces: <see cref="Update"/> for the pieces, of whole blocks, and once <see cref="Finish"/> for the last of them, which adds the tag.
    /// </summary>
    /// <param name="key"><see cref="KeyLength"/> bytes.</param>
    /// <param name="nonce"><see cref="NonceLength"/> bytes, used once with the key.</param>
    /// <param name="associatedData">What the tag covers beside the plaintext.</param>
    internal ref struct Encryptor(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData)
    {
        private readonly int _associatedDataLength = associatedData.Length;
        private State _state = Initialize(key, nonce, associatedData);
        private int _length;

        /// <summary>Encrypts whole blocks into as many bytes.</summary>
        internal void Update(ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
        {
            if (plaintext.Length % BlockLength != 0)
                throw new ArgumentException("Only the last piece may end within a block.", nameof(plaintext));
            Lengths.Require(ciphertext, plaintext.Length);
            fixed (byte* m = plaintext, c = ciphertext)
                Encrypt(ref _state, m, c, plaintext.Length);
            _length += plaintext.Length;
        }

        /// <summary>Encrypts the last piece, into <see cref="TagLength"/> bytes more.</summary>
        internal void Finish(ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
        {
            Lengths.Require(ciphertext, plaintext.Length + TagLength);
            var whole = plaintext.Length - (plaintext.Length % BlockLength);
            Update(plaintext[..whole], ciphertext[..whole]);
            var last = plaintext[whole..];
            if (!last.IsEmpty)
            {
                Span<byte> block = stackalloc byte[BlockLength];
                block.Clear();
                last.CopyTo(block);
                fixed (byte* b = block)
                    Encrypt(ref _state, b, b, BlockLength);
                block[..last.Length].CopyTo(ciphertext[whole..]);
                Secrets.Zero(block);
            }

            WriteTag(ref _state, _associatedDataLength, _length + last.Length, ciphertext[plaintext.Length..]);
        }
    }

    /// <summary>The six words of either state. Kept in memory between calls; the kernels hold them in registers.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct State
    {
        internal Vector128<byte> A0;
        internal Vector128<byte> A1;
        internal Vector128<byte> A2;
        internal Vector128<byte> A3;
        internal Vector128<byte> A4;
        internal Vector128<byte> A5;
        internal Vector128<byte> B0;
        internal Vector128<byte> B1;
        internal Vector128<byte> B2;
        internal Vector128<byte> B3;
        internal Vector128<byte> B4;
        internal Vector128<byte> B5;
    }
}
