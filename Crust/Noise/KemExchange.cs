using Crust.Cryptography;

namespace Crust.Noise;

/// <summary>
/// The ephemeral ML-KEM-768 exchange of a hybrid handshake: one side makes a key pair (<c>e1</c>), the other encapsulates to it
/// (<c>ekem1</c>). Memory is allocated on first use, so that classical patterns pay nothing. Owns its secrets.
/// </summary>
internal sealed class KemExchange : IDisposable
{
    private readonly byte[] _seed;
    private readonly byte[] _coins;
    private byte[]? _secretKey;
    private byte[]? _remotePublicKey;
    private byte[]? _ciphertext;
    private byte[]? _sharedSecret;

    internal KemExchange(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> coins)
    {
        _seed = Copy(seed);
        _coins = Copy(coins);
    }

    /// <summary>The other's public key: the reader of <c>e1</c> fills it.</summary>
    internal Span<byte> RemotePublicKey => _remotePublicKey ??= new byte[MlKem768.PublicKeyLength];

    /// <summary>The ciphertext: the reader of <c>ekem1</c> fills it.</summary>
    internal Span<byte> Ciphertext => _ciphertext ??= new byte[MlKem768.CiphertextLength];

    /// <summary>The shared secret after <see cref="TryEncapsulate"/> or <see cref="TryDecapsulate"/>.</summary>
    internal ReadOnlySpan<byte> SharedSecret => _sharedSecret ?? throw new InvalidOperationException("There is no shared secret yet.");

    /// <summary>Makes the own key pair and gives its public key.</summary>
    internal byte[] MakePublicKey()
    {
        var publicKey = new byte[MlKem768.PublicKeyLength];
        _secretKey = GC.AllocateArray<byte>(MlKem768.SecretKeyLength, pinned: true);
        MlKem768.DeriveKeyPair(_seed, publicKey, _secretKey);
        return publicKey;
    }

    /// <summary>Encapsulates to <see cref="RemotePublicKey"/>; false when that key is malformed.</summary>
    internal bool TryEncapsulate(out ReadOnlySpan<byte> ciphertext)
    {
        ciphertext = Ciphertext;
        _sharedSecret = GC.AllocateArray<byte>(MlKem768.SharedSecretLength, pinned: true);
        return MlKem768.TryEncapsulate(RemotePublicKey, _coins, Ciphertext, _sharedSecret);
    }

    /// <summary>Decapsulates <see cref="Ciphertext"/> with the own key.</summary>
    internal bool TryDecapsulate()
    {
        _sharedSecret = GC.AllocateArray<byte>(MlKem768.SharedSecretLength, pinned: true);
        return MlKem768.TryDecapsulate(_secretKey ?? throw new InvalidOperationException("The pattern sends ekem1 before e1."), Ciphertext, _sharedSecret);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Secrets.Zero(_seed);
        Secrets.Zero(_coins);
        Secrets.Zero(_secretKey);
        Secrets.Zero(_sharedSecret);
    }

    private static byte[] Copy(ReadOnlySpan<byte> secret)
    {
        var copy = GC.AllocateArray<byte>(secret.Length, pinned: true);
        secret.CopyTo(copy);
        return copy;
    }
}
