namespace Crust.Cryptography;

/// <summary>X25519 Diffie-Hellman (RFC 7748 §5) by libsodium. Scalars, points and shared secrets are 32 bytes.</summary>
internal static unsafe class X25519
{
    internal const int KeyLength = 32;

    /// <summary>Derives the public point of a scalar.</summary>
    internal static void DerivePublicKey(ReadOnlySpan<byte> secretKey, Span<byte> publicKey)
    {
        Lengths.Require(secretKey, KeyLength);
        Lengths.Require(publicKey, KeyLength);
        fixed (byte* s = secretKey, p = publicKey)
            _ = Libsodium.ScalarMultBase(p, s);
    }

    /// <summary>Computes the shared secret.</summary>
    /// <returns>False when the result is all zeros (a low-order point): the caller must abort (RFC 7748 §6.1).</returns>
    internal static bool TryAgree(ReadOnlySpan<byte> secretKey, ReadOnlySpan<byte> publicKey, Span<byte> sharedSecret)
    {
        Lengths.Require(secretKey, KeyLength);
        Lengths.Require(publicKey, KeyLength);
        Lengths.Require(sharedSecret, KeyLength);
        fixed (byte* s = secretKey, p = publicKey, o = sharedSecret)
            return Libsodium.ScalarMult(o, s, p) == 0;
    }
}
