using System.Buffers.Binary;
using Crust.Cryptography;

namespace Crust.Noise;

/// <summary>
/// A key and a nonce (Noise §5.1) for ChaChaPoly (§12.3): the 96-bit nonce is 32 zero bits and the 64-bit counter, little endian. Without a
/// key, bytes pass unchanged. Owns its key. One thread at a time.
/// </summary>
internal sealed class CipherState : IDisposable
{
    internal const int TagLength = ChaCha20Poly1305.TagLength;
    internal const int KeyLength = ChaCha20Poly1305.KeyLength;

    /// <summary>2^64 − 1 is reserved for rekeying (§5.1).</summary>
    private const ulong MaxNonce = ulong.MaxValue;

    private readonly Memory<byte> _key;
    private ulong _nonce;
    private bool _disposed;

    /// <summary>A state of its own.</summary>
    internal CipherState() => _key = GC.AllocateArray<byte>(KeyLength, pinned: true);

    /// <summary>The state of a handshake, whose secrets lie in the block.</summary>
    internal CipherState(SecretBlock block) => _key = block.Take(KeyLength);

    internal bool HasKey { get; private set; }

    /// <summary>Bytes that encryption adds now: none before there is a key.</summary>
    internal int Overhead => HasKey ? TagLength : 0;

    internal void InitializeKey(ReadOnlySpan<byte> key)
    {
        key[..KeyLength].CopyTo(_key.Span);
        _nonce = 0;
        HasKey = true;
    }

    /// <summary>Writes plaintext length + <see cref="Overhead"/> bytes and returns their count.</summary>
    internal int EncryptWithAd(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var length = plaintext.Length + Overhead;
        if (!HasKey)
        {
            plaintext.CopyTo(ciphertext);
            return length;
        }

        if (_nonce == MaxNonce)
            throw new InvalidOperationException("The nonces of a Noise key are used up.");
        Span<byte> nonce = stackalloc byte[ChaCha20Poly1305.NonceLength];
        WriteNonce(nonce);
        ChaCha20Poly1305.Encrypt(_key.Span, nonce, associatedData, plaintext, ciphertext[..length]);
        _nonce++;
        return length;
    }

    /// <summary>Writes ciphertext length − <see cref="Overhead"/> bytes; false, with the nonce unchanged, when they are not authentic.</summary>
    internal bool TryDecryptWithAd(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
    {
        if (_disposed)
            return false;
        if (!HasKey)
        {
            ciphertext.CopyTo(plaintext);
            return true;
        }

        if (ciphertext.Length < TagLength || _nonce == MaxNonce)
            return false;
        Span<byte> nonce = stackalloc byte[ChaCha20Poly1305.NonceLength];
        WriteNonce(nonce);
        if (!ChaCha20Poly1305.TryDecrypt(_key.Span, nonce, associatedData, ciphertext, plaintext[..(ciphertext.Length - TagLength)]))
            return false;
        _nonce++;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        // A wiped state must not turn into one that passes plaintext.
        _disposed = true;
        Secrets.Zero(_key.Span);
    }

    private void WriteNonce(Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce[4..], _nonce);
    }
}
