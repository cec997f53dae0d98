namespace Crust.Cryptography;

/// <summary>Ed25519 signatures (RFC 8032 §5.1) by libsodium. Public key 32 bytes, seed 32, secret key 64 (seed ‖ public key), signature 64.</summary>
internal static unsafe class Ed25519
{
    internal const int PublicKeyLength = 32;
    internal const int SeedLength = 32;
    internal const int SecretKeyLength = 64;
    internal const int SignatureLength = 64;

    /// <summary>Derives the key pair of a 32-byte seed.</summary>
    internal static void DeriveKeyPair(ReadOnlySpan<byte> seed, Span<byte> publicKey, Span<byte> secretKey)
    {
        Lengths.Require(seed, SeedLength);
        Lengths.Require(publicKey, PublicKeyLength);
        Lengths.Require(secretKey, SecretKeyLength);
        fixed (byte* s = seed, p = publicKey, k = secretKey)
            _ = Libsodium.SignSeedKeypair(p, k, s);
    }

    /// <summary>Writes the 64-byte deterministic signature of <paramref name="message"/>.</summary>
    internal static void Sign(ReadOnlySpan<byte> message, ReadOnlySpan<byte> secretKey, Span<byte> signature)
    {
        Lengths.Require(secretKey, SecretKeyLength);
        Lengths.Require(signature, SignatureLength);
        fixed (byte* m = message, k = secretKey, s = signature)
            _ = Libsodium.SignDetached(s, null, m, (ulong)message.Length, k);
    }

    /// <summary>True when the signature is valid for the message under the key; a wrong length is simply false.</summary>
    internal static bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> publicKey)
    {
        if (signature.Length != SignatureLength || publicKey.Length != PublicKeyLength)
            return false;
        fixed (byte* m = message, s = signature, p = publicKey)
            return Libsodium.SignVerifyDetached(s, m, (ulong)message.Length, p) == 0;
    }

    /// <summary>True for a canonical encoding of a point of the prime-order subgroup other than the identity.</summary>
    internal static bool IsValidPublicKey(ReadOnlySpan<byte> publicKey)
    {
        if (publicKey.Length != PublicKeyLength)
            return false;
        fixed (byte* p = publicKey)
            return Libsodium.IsValidPoint(p) == 1;
    }

    /// <summary>Converts a public key to its X25519 form (the birational map of RFC 7748 §4.1; loses the sign bit). About 42 µs: cache it.</summary>
    /// <returns>False exactly when <see cref="IsValidPublicKey"/> is.</returns>
    internal static bool TryConvertPublicKey(ReadOnlySpan<byte> publicKey, Span<byte> x25519)
    {
        Lengths.Require(x25519, X25519.KeyLength);
        if (publicKey.Length != PublicKeyLength || !IsCanonical(publicKey))
            return false;
        fixed (byte* p = publicKey, x = x25519)
            return Libsodium.PublicKeyToCurve25519(x, p) == 0;
    }

    /// <summary>
    /// True when y, the low 255 bits in little endian, is below 2^255 − 19. The conversion checks curve, order and subgroup itself, but takes
    /// a y that is not reduced.
    /// </summary>
    private static bool IsCanonical(ReadOnlySpan<byte> publicKey) =>
        publicKey[0] < 0xED || (publicKey[31] & 0x7F) != 0x7F || publicKey[1..31].ContainsAnyExcept((byte)0xFF);

    /// <summary>Converts a secret key to its X25519 scalar.</summary>
    internal static void ConvertSecretKey(ReadOnlySpan<byte> secretKey, Span<byte> x25519)
    {
        Lengths.Require(secretKey, SecretKeyLength);
        Lengths.Require(x25519, X25519.KeyLength);
        fixed (byte* k = secretKey, x = x25519)
            _ = Libsodium.SecretKeyToCurve25519(x, k);
    }
}
