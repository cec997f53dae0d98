using Crust.Cryptography;

namespace Crust.Noise;

/// <summary>An X25519 key pair that may not be there yet. Owns its secret.</summary>
internal sealed class KeyPair : IDisposable
{
    private readonly byte[] _secret = GC.AllocateArray<byte>(X25519.KeyLength, pinned: true);
    private readonly byte[] _public = new byte[X25519.KeyLength];
    private bool _isSet;

    internal ReadOnlySpan<byte> Secret => _isSet ? _secret : throw Missing();

    internal ReadOnlySpan<byte> Public => _isSet ? _public : throw Missing();

    internal void Set(ReadOnlySpan<byte> secret)
    {
        Lengths.Require(secret, X25519.KeyLength);
        secret.CopyTo(_secret);
        X25519.DerivePublicKey(_secret, _public);
        _isSet = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Secrets.Zero(_secret);
        _isSet = false;
    }

    private static InvalidOperationException Missing() => new("The pattern needs a key pair that was not given.");
}
