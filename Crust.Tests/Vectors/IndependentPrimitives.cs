using System.Buffers.Binary;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace Crust.Tests.Vectors;

/// <summary>
/// The functions that the independent handshake is written in, all from BouncyCastle and none from Crust: X25519 (RFC 7748),
/// ML-KEM-768 (FIPS 203), ChaCha20-Poly1305 (RFC 8439), BLAKE2b-512 (RFC 7693), HMAC (RFC 2104) and Noise's HKDF (section 4.3).
/// </summary>
internal static class IndependentPrimitives
{
    /// <summary>The public half of an X25519 secret, 32 bytes.</summary>
    internal static byte[] PublicKey(byte[] secret) => new X25519PrivateKeyParameters(secret).GeneratePublicKey().GetEncoded();

    /// <summary>DH(secret, publicKey), 32 bytes; BouncyCastle throws when the result is all zero.</summary>
    internal static byte[] Dh(byte[] secret, byte[] publicKey)
    {
        var shared = new byte[X25519PrivateKeyParameters.SecretSize];
        new X25519PrivateKeyParameters(secret).GenerateSecret(new X25519PublicKeyParameters(publicKey), shared, 0);
        return shared;
    }

    /// <summary>HASH of the parts put end to end, 64 bytes.</summary>
    internal static byte[] Hash(params byte[][] parts)
    {
        var digest = new Blake2bDigest(512);
        foreach (var part in parts)
            digest.BlockUpdate(part, 0, part.Length);
        var hash = new byte[64];
        digest.DoFinal(hash, 0);
        return hash;
    }

    /// <summary>HMAC-BLAKE2b-512 with RFC 2104's B = 128, not BLAKE2b's own keyed mode; 64 bytes.</summary>
    internal static byte[] HmacHash(byte[] key, params byte[][] parts)
    {
        var hmac = new HMac(new Blake2bDigest(512));
        hmac.Init(new KeyParameter(key));
        foreach (var part in parts)
            hmac.BlockUpdate(part, 0, part.Length);
        var tag = new byte[64];
        hmac.DoFinal(tag, 0);
        return tag;
    }

    /// <summary>HKDF(chainingKey, inputKeyMaterial, 2): two outputs of 64 bytes.</summary>
    internal static (byte[] First, byte[] Second) Hkdf2(byte[] chainingKey, byte[] inputKeyMaterial)
    {
        var temporary = HmacHash(chainingKey, inputKeyMaterial);
        var first = HmacHash(temporary, [1]);
        var second = HmacHash(temporary, first, [2]);
        return (first, second);
    }

    /// <summary>
    /// ENCRYPT(key, counter, associatedData, plaintext): ciphertext ‖ tag(16). The nonce is 00000000 ‖ counter u64 little-endian.
    /// </summary>
    internal static byte[] Encrypt(byte[] key, ulong counter, byte[] associatedData, byte[] plaintext) =>
        RunCipher(true, key, counter, associatedData, plaintext);

    /// <summary>DECRYPT; throws <see cref="InvalidCipherTextException"/> when the tag is wrong.</summary>
    internal static byte[] Decrypt(byte[] key, ulong counter, byte[] associatedData, byte[] ciphertext) =>
        RunCipher(false, key, counter, associatedData, ciphertext);

    /// <summary>ML-KEM.KeyGen_internal of d ‖ z, 64 bytes.</summary>
    internal static MLKemPrivateKeyParameters KemKeyPair(byte[] seed) =>
        MLKemPrivateKeyParameters.FromSeed(MLKemParameters.ml_kem_768, seed);

    /// <summary>ML-KEM.Encaps_internal of ek and m; throws unless exactly the 32 bytes of m were drawn.</summary>
    internal static (byte[] Ciphertext, byte[] Output) KemEncapsulate(byte[] encapsulationKey, byte[] coins)
    {
        var generator = new FixedBytesGenerator(coins);
        var publicKey = MLKemPublicKeyParameters.FromEncoding(MLKemParameters.ml_kem_768, encapsulationKey);
        var encapsulator = new MLKemEncapsulator(MLKemParameters.ml_kem_768);
        encapsulator.Init(new ParametersWithRandom(publicKey, generator.AsSecureRandom()));
        var ciphertext = new byte[1088];
        var output = new byte[32];
        encapsulator.Encapsulate(ciphertext, output);
        if (coins.Length != 32 || generator.Remaining != 0)
            throw new InvalidOperationException("ML-KEM encapsulation takes exactly 32 bytes of randomness");
        return (ciphertext, output);
    }

    /// <summary>ML-KEM.Decaps_internal: K, or the implicit rejection secret for a ciphertext that was never made for this key.</summary>
    internal static byte[] KemDecapsulate(MLKemPrivateKeyParameters keyPair, byte[] ciphertext)
    {
        var decapsulator = new MLKemDecapsulator(MLKemParameters.ml_kem_768);
        decapsulator.Init(keyPair);
        var output = new byte[32];
        decapsulator.Decapsulate(ciphertext, output);
        return output;
    }

    private static byte[] RunCipher(bool forEncryption, byte[] key, ulong counter, byte[] associatedData, byte[] input)
    {
        var nonce = new byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(nonce.AsSpan(4), counter);
        var cipher = new ChaCha20Poly1305();
        cipher.Init(forEncryption, new AeadParameters(new KeyParameter(key), 128, nonce, associatedData));
        var output = new byte[cipher.GetOutputSize(input.Length)];
        var written = cipher.ProcessBytes(input, 0, input.Length, output, 0);
        written += cipher.DoFinal(output, written);
        return written == output.Length ? output : throw new InvalidOperationException("the cipher wrote less than it said");
    }
}
