using System.Text;
using Crust.Cryptography;

namespace Crust.Noise;

/// <summary>
/// The chaining key, the transcript hash and the current key of a handshake (Noise §5.2), with BLAKE2b (64 bytes). Its secrets lie in a block of its owner, who wipes it. One
/// thread at a time.
/// </summary>
internal sealed class SymmetricState : IDisposable
{
    internal const int HashLength = Blake2b.HashLength;

    private readonly CipherState _cipher;
    private readonly Memory<byte> _chainingKey;
    private readonly byte[] _hash = new byte[HashLength];

    /// <summary>InitializeSymmetric: a name of at most 64 bytes is padded with zeros, a longer one hashed.</summary>
    /// <param name="protocolName">The full name of the protocol (§8).</param>
    /// <param name="block">Where the secrets lie; its owner disposes of this state first.</param>
    internal SymmetricState(string protocolName, SecretBlock block)
    {
        _cipher = new CipherState(block);
        _chainingKey = block.Take(HashLength);
        var name = Encoding.ASCII.GetBytes(protocolName);
        if (name.Length <= HashLength)
            name.CopyTo(_hash, 0);
        else
            Blake2b.Hash(name, default, default, _hash);
        _hash.CopyTo(_chainingKey);
    }

    /// <summary>Bytes that <see cref="EncryptAndHash"/> adds now.</summary>
    internal int Overhead => _cipher.Overhead;

    /// <summary>GetHandshakeHash: 64 bytes that bind the whole transcript (§11.2). No secret.</summary>
    internal ReadOnlySpan<byte> HandshakeHash => _hash;

    internal void MixHash(ReadOnlySpan<byte> data) => Blake2b.Hash(_hash, data, default, _hash);

    internal void MixKey(ReadOnlySpan<byte> inputKeyMaterial)
    {
        Span<byte> key = stackalloc byte[HashLength];
        try
        {
            HmacBlake2b.Derive(_chainingKey.Span, inputKeyMaterial, _chainingKey.Span, key);
            // HASHLEN is 64: the key is the first 32 bytes.
            _cipher.InitializeKey(key);
        }
        finally
        {
            Secrets.Zero(key);
        }
    }

    /// <summary>Writes plaintext length + <see cref="Overhead"/> bytes and returns their count.</summary>
    internal int EncryptAndHash(ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
    {
        var length = _cipher.EncryptWithAd(_hash, plaintext, ciphertext);
        MixHash(ciphertext[..length]);
        return length;
    }

    internal bool TryDecryptAndHash(ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
    {
        if (!_cipher.TryDecryptWithAd(_hash, ciphertext, plaintext))
            return false;
        MixHash(ciphertext);
        return true;
    }

    /// <summary>Split: the cipher states of the initiator's and of the responder's transport messages, which the caller owns.</summary>
    internal (CipherState Initiator, CipherState Responder) Split()
    {
        Span<byte> first = stackalloc byte[HashLength];
        Span<byte> second = stackalloc byte[HashLength];
        try
        {
            HmacBlake2b.Derive(_chainingKey.Span, default, first, second);
            var (initiator, responder) = (new CipherState(), new CipherState());
            initiator.InitializeKey(first);
            responder.InitializeKey(second);
            return (initiator, responder);
        }
        finally
        {
            Secrets.Zero(first);
            Secrets.Zero(second);
        }
    }

    /// <summary>HKDF-Expand of the chaining key: secrets beside those of <see cref="Split"/>. The information must not be empty and names the use.</summary>
    internal void Expand(ReadOnlySpan<byte> information, Span<byte> output)
    {
        if (information.IsEmpty)
            throw new ArgumentException("Empty information would be Split's.", nameof(information));
        HmacBlake2b.Expand(_chainingKey.Span, information, output);
    }

    /// <inheritdoc/>
    public void Dispose() => _cipher.Dispose();
}
