using Crust.Cryptography;

namespace Crust.Noise;

/// <summary>An X25519 key pair that may not be there yet. Its secret lies in a block of its owner, who wipes it.</summary>
internal sealed class KeyPair(SecretBlock block)
{
    private readonly Memory<byte> _secret = block.Take(X25519.KeyLength);
    private readonly byte[] _public = new byte[X25519.KeyLength];
    private bool _isSet;

    internal ReadOnlySpan<byte> Secret => _isSet ? _secret.Span : throw Missing();

    internal ReadOnlySpan<byte> Public => _isSet ? _public : throw Missing();

    /// <summary>Takes the secret, and its public key where that is known already: to derive it costs two thirds of a Diffie-Hellman.</summary>
    internal void Set(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> knownPublic = default)
    {
        Lengths.Require(secret, X25519.KeyLength);
        secret.CopyTo(_secret.Span);
        if (knownPublic.IsEmpty)
        {
            X25519.DerivePublicKey(secret, _public);
        }
        else
        {
            Lengths.Require(knownPublic, X25519.KeyLength);
            knownPublic.CopyTo(_public);
        }

        _isSet = true;
    }

    /// <summary>The block is given back: the secret is out of reach.</summary>
    internal void Forget() => _isSet = false;

    private static InvalidOperationException Missing() => new("The pattern needs a key pair that was not given.");
}
