using Crust.Cryptography;

namespace Crust.Noise;

/// <summary>
/// The ephemeral ML-KEM-768 exchange of a hybrid handshake: one side makes a key pair (<c>e1</c>), the other encapsulates to it
/// (<c>ekem1</c>). Memory is taken on first use, so that classical patterns pay nothing. Its secrets lie in a block of its owner, who wipes it.
/// </summary>
internal sealed class KemExchange
{
    private readonly SecretBlock _block;
    private readonly Memory<byte> _seed;
    private readonly Memory<byte> _coins;
    private Memory<byte> _secretKey;
    private byte[]? _remotePublicKey;
    private byte[]? _ciphertext;
    private Memory<byte> _sharedSecret;

    internal KemExchange(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> coins, SecretBlock block)
    {
        _block = block;
        _seed = block.Take(seed.Length);
        _coins = block.Take(coins.Length);
        seed.CopyTo(_seed.Span);
        coins.CopyTo(_coins.Span);
    }

    /// <summary>The other's public key: the reader of <c>e1</c> fills it.</summary>
    internal Span<byte> RemotePublicKey => _remotePublicKey ??= new byte[MlKem768.PublicKeyLength];

    /// <summary>The ciphertext: the reader of <c>ekem1</c> fills it.</summary>
    internal Span<byte> Ciphertext => _ciphertext ??= new byte[MlKem768.CiphertextLength];

    /// <summary>The shared secret after <see cref="TryEncapsulate"/> or <see cref="TryDecapsulate"/>.</summary>
    internal ReadOnlySpan<byte> SharedSecret => !_sharedSecret.IsEmpty ? _sharedSecret.Span : throw new InvalidOperationException("There is no shared secret yet.");

    /// <summary>Makes the own key pair and gives its public key.</summary>
    internal byte[] MakePublicKey()
    {
        var publicKey = new byte[MlKem768.PublicKeyLength];
        _secretKey = _block.Take(MlKem768.SecretKeyLength);
        MlKem768.DeriveKeyPair(_seed.Span, publicKey, _secretKey.Span);
        return publicKey;
    }

    /// <summary>Encapsulates to <see cref="RemotePublicKey"/>; false when that key is malformed.</summary>
    internal bool TryEncapsulate(out ReadOnlySpan<byte> ciphertext)
    {
        ciphertext = Ciphertext;
        _sharedSecret = _block.Take(MlKem768.SharedSecretLength);
        return MlKem768.TryEncapsulate(RemotePublicKey, _coins.Span, Ciphertext, _sharedSecret.Span);
    }

    /// <summary>Decapsulates <see cref="Ciphertext"/> with the own key.</summary>
    internal bool TryDecapsulate()
    {
        _sharedSecret = _block.Take(MlKem768.SharedSecretLength);
        if (_secretKey.IsEmpty)
            throw new InvalidOperationException("The pattern sends ekem1 before e1.");
        return MlKem768.TryDecapsulate(_secretKey.Span, Ciphertext, _sharedSecret.Span);
    }
}
