namespace Crust.Cryptography;

/// <summary>
/// The ML-KEM-768 key encapsulation mechanism (FIPS 203) by libsodium. Encapsulation key 1,184 bytes, decapsulation key 2,400, ciphertext
/// 1,088, shared secret 32. Randomness is an argument: seed <c>d ‖ z</c> (64) for a key pair, message <c>m</c> (32) for an encapsulation.
/// </summary>
internal static unsafe class MlKem768
{
    internal const int PublicKeyLength = 1184;
    internal const int SecretKeyLength = 2400;
    internal const int CiphertextLength = 1088;
    internal const int SharedSecretLength = 32;
    internal const int SeedLength = 64;
    internal const int CoinsLength = 32;

    /// <summary>Derives the key pair of a 64-byte seed (ML-KEM.KeyGen_internal, §6.1).</summary>
    internal static void DeriveKeyPair(ReadOnlySpan<byte> seed, Span<byte> publicKey, Span<byte> secretKey)
    {
        Lengths.Require(seed, SeedLength);
        Lengths.Require(publicKey, PublicKeyLength);
        Lengths.Require(secretKey, SecretKeyLength);
        fixed (byte* s = seed, p = publicKey, k = secretKey)
            _ = Libsodium.MlKem768SeedKeypair(p, k, s);
    }

    /// <summary>Encapsulates a secret to a public key (ML-KEM.Encaps, §7.2) with 32 fresh random bytes.</summary>
    /// <returns>False when the key fails the modulus check: the caller must abort.</returns>
    internal static bool TryEncapsulate(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> coins, Span<byte> ciphertext, Span<byte> sharedSecret)
    {
        Lengths.Require(publicKey, PublicKeyLength);
        Lengths.Require(coins, CoinsLength);
        Lengths.Require(ciphertext, CiphertextLength);
        Lengths.Require(sharedSecret, SharedSecretLength);
        fixed (byte* p = publicKey, m = coins, c = ciphertext, s = sharedSecret)
            return Libsodium.MlKem768Encapsulate(c, s, p, m) == 0;
    }

    /// <summary>Decapsulates (ML-KEM.Decaps, §7.3). A forged ciphertext gives a secret that nobody else knows, not a failure.</summary>
    /// <returns>False when the library refuses the input: the caller must abort.</returns>
    internal static bool TryDecapsulate(ReadOnlySpan<byte> secretKey, ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret)
    {
        Lengths.Require(secretKey, SecretKeyLength);
        Lengths.Require(ciphertext, CiphertextLength);
        Lengths.Require(sharedSecret, SharedSecretLength);
        fixed (byte* k = secretKey, c = ciphertext, s = sharedSecret)
            return Libsodium.MlKem768Decapsulate(s, c, k) == 0;
    }
}
