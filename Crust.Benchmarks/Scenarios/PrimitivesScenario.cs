using System.Security.Cryptography;
using Crust.Cryptography;
using OpenSslChaCha20Poly1305 = System.Security.Cryptography.ChaCha20Poly1305;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// Every primitive that Crust chose, each beside one it might have chosen instead: one thread. .NET's are OpenSSL's on Linux.
/// Where nothing does the same job, the rival does the nearest one, and its name says so.
/// </summary>
internal static class PrimitivesScenario
{
    private const string BytesUnit = "GB/s";
    private const string CallsUnit = "calls/s";

    /// <summary>What a record's header gives as associated data.</summary>
    private const int AssociatedLength = 4;

    private static readonly byte[] s_input = RandomNumberGenerator.GetBytes(1 << 20);
    private static readonly byte[] s_output = new byte[(1 << 20) + 64];
    private static readonly byte[] s_key = RandomNumberGenerator.GetBytes(32);
    private static readonly byte[] s_nonce = RandomNumberGenerator.GetBytes(32);

    internal static IEnumerable<BenchmarkCase> Cases() => [.. Hashes(), .. Aeads(), .. Signatures(), .. KeyExchanges()];

    private static IEnumerable<BenchmarkCase> Hashes()
    {
        foreach (var (name, length) in new[] { ("1m", 1 << 20), ("64k", 64 << 10), ("16k", 16 << 10), ("4k", 4 << 10), ("1k", 1 << 10), ("160", 160) })
        {
            Action blake3 = () => Blake3.Hash(s_input.AsSpan(0, length), s_output.AsSpan(0, 32));
            yield return Bytes($"hash-{name}", "sha-256 (.net)", length, blake3, () => SHA256.HashData(s_input.AsSpan(0, length), s_output.AsSpan(0, 32)));
            yield return Bytes($"hash-{name}", "blake2b (libsodium)", length, blake3, () => Blake2b.Hash(s_input.AsSpan(0, length), [], [], s_output.AsSpan(0, 64)));
        }

        foreach (var length in new[] { 64, 100, 160 })
        {
            const int Count = 16;
            yield return Bytes($"hash-{length}-times-{Count}", "sha-256 (.net)", length * Count,
                () => Blake3Many.Hash(s_input.AsSpan(0, length * Count), length, s_output.AsSpan(0, Count * Blake3.HashLength)),
                () =>
                {
                    for (var i = 0; i < Count; i++)
                        SHA256.HashData(s_input.AsSpan(i * length, length), s_output.AsSpan(i * 32, 32));
                });
        }
    }

    private static IEnumerable<BenchmarkCase> Aeads()
    {
        var gcm = new AesGcm(s_key, 16);
        var openSslChaCha = OpenSslChaCha20Poly1305.IsSupported ? new OpenSslChaCha20Poly1305(s_key) : null;
        foreach (var (name, length) in new[] { ("64k", 64 << 10), ("16k", 16 << 10), ("100", 100) })
        {
            Action aegis256 = () => Aegis256.Encrypt(s_key, s_nonce, Associated, s_input.AsSpan(0, length), s_output.AsSpan(0, length + 32));
            Action aegis128 = () => Aegis128L.Encrypt(s_key.AsSpan(0, 16), s_nonce.AsSpan(0, 16), Associated, s_input.AsSpan(0, length), s_output.AsSpan(0, length + 32));
            Action aesGcm = () => gcm.Encrypt(s_nonce.AsSpan(0, 12), s_input.AsSpan(0, length), s_output.AsSpan(0, length), s_output.AsSpan(length, 16), Associated);
            Action chaCha = () => Cryptography.ChaCha20Poly1305.Encrypt(
                s_key, s_nonce.AsSpan(0, 12), Associated, s_input.AsSpan(0, length), s_output.AsSpan(0, length + 16));
            if (HardwareAes.IsSupported)
            {
                yield return Bytes($"aegis-256-{name}", "aes-256-gcm (.net)", length, aegis256, aesGcm);
                yield return Bytes($"aegis-256-{name}", "chacha20-poly1305 (libsodium)", length, aegis256, chaCha);
                yield return Bytes($"aegis-256-{name}", "aegis-128l (libsodium)", length, aegis256, aegis128);
                yield return Bytes($"aegis-256-open-{name}", "aes-256-gcm (.net)", length, Opening(length), GcmOpening(gcm, length));
            }

            if (Aegis256X2.IsSupported)
            {
                Action twice = () => Aegis256X2.Encrypt(s_key, s_nonce, Associated, s_input.AsSpan(0, length), s_output.AsSpan(0, length + Aegis256X2.TagLength));
                yield return Bytes($"aegis-256x2-{name}", "aes-256-gcm (.net)", length, twice, aesGcm);
                yield return Bytes($"aegis-256x2-{name}", "aegis-256 (libsodium)", length, twice, aegis256);
            }

            if (openSslChaCha != null)
            {
                yield return Bytes($"chacha20-poly1305-{name}", "chacha20-poly1305 (.net)", length, chaCha, () => openSslChaCha.Encrypt(
                    s_nonce.AsSpan(0, 12), s_input.AsSpan(0, length), s_output.AsSpan(0, length), s_output.AsSpan(length, 16), Associated));
            }
        }
    }

    private static IEnumerable<BenchmarkCase> Signatures()
    {
        var (publicKey, secretKey, signature) = (new byte[Ed25519.PublicKeyLength], new byte[Ed25519.SecretKeyLength], new byte[Ed25519.SignatureLength]);
        Ed25519.DeriveKeyPair(s_key, publicKey, secretKey);
        var message = s_input[..200];
        Ed25519.Sign(message, secretKey, signature);
        var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var ecdsaSignature = ecdsa.SignData(message, HashAlgorithmName.SHA256);
        yield return Calls("ed25519-sign", "ecdsa p-256 (.net)",
            () => Ed25519.Sign(message, secretKey, signature), () => ecdsa.SignData(message, HashAlgorithmName.SHA256));
        yield return Calls("ed25519-verify", "ecdsa p-256 (.net)",
            () => Check(Ed25519.Verify(message, signature, publicKey)), () => Check(ecdsa.VerifyData(message, ecdsaSignature, HashAlgorithmName.SHA256)));
    }

    private static IEnumerable<BenchmarkCase> KeyExchanges()
    {
        var (publicKey, shared) = (new byte[X25519.KeyLength], new byte[32]);
        X25519.DerivePublicKey(s_nonce, publicKey);
        var ecdh = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var other = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256).PublicKey;
        Action agree = () => Check(X25519.TryAgree(s_key, publicKey, shared));
        yield return Calls("x25519-agree", "ecdh p-256 (.net)", agree, () => ecdh.DeriveRawSecretAgreement(other));

        var (kemPublic, kemSecret, ciphertext) = (new byte[MlKem768.PublicKeyLength], new byte[MlKem768.SecretKeyLength], new byte[MlKem768.CiphertextLength]);
        MlKem768.DeriveKeyPair(s_input.AsSpan(0, MlKem768.SeedLength), kemPublic, kemSecret);
        Check(MlKem768.TryEncapsulate(kemPublic, s_key, ciphertext, shared));
        Action encapsulate = () => MlKem768.TryEncapsulate(kemPublic, s_key, ciphertext, shared);
        Action decapsulate = () => MlKem768.TryDecapsulate(kemSecret, ciphertext, shared);
        if (!MLKem.IsSupported)
        {
            // OpenSSL before 3.5 has none: the classical half of the hybrid handshake is the measure.
            yield return Calls("ml-kem-768-encapsulate", "x25519-agree (libsodium)", encapsulate, agree);
            yield return Calls("ml-kem-768-decapsulate", "x25519-agree (libsodium)", decapsulate, agree);
            yield break;
        }

        var kem = MLKem.ImportPrivateSeed(MLKemAlgorithm.MLKem768, s_input.AsSpan(0, MlKem768.SeedLength));
        yield return Calls("ml-kem-768-encapsulate", "ml-kem-768 (.net)", encapsulate, () => kem.Encapsulate(ciphertext, shared));
        yield return Calls("ml-kem-768-decapsulate", "ml-kem-768 (.net)", decapsulate, () => kem.Decapsulate(ciphertext, shared));
    }

    private static ReadOnlySpan<byte> Associated => s_nonce.AsSpan(0, AssociatedLength);

    private static Action Opening(int length)
    {
        var (sealedRecord, opened) = (new byte[length + Aegis256.TagLength], new byte[length]);
        Aegis256.Encrypt(s_key, s_nonce, Associated, s_input.AsSpan(0, length), sealedRecord);
        return () => Check(Aegis256.TryDecrypt(s_key, s_nonce, Associated, sealedRecord, opened));
    }

    private static Action GcmOpening(AesGcm gcm, int length)
    {
        var (ciphertext, tag, opened) = (new byte[length], new byte[16], new byte[length]);
        gcm.Encrypt(s_nonce.AsSpan(0, 12), s_input.AsSpan(0, length), ciphertext, tag, Associated);
        return () => gcm.Decrypt(s_nonce.AsSpan(0, 12), ciphertext, tag, opened, Associated);
    }

    private static void Check(bool succeeded)
    {
        if (!succeeded)
            throw new InvalidOperationException("A primitive failed on its own output.");
    }

    private static BenchmarkCase Bytes(string name, string rival, int length, Action ours, Action theirs) =>
        new(name, rival, "throughput", BytesUnit, () => Task.FromResult(PerSecond(ours) * length / 1e9), () => Task.FromResult(PerSecond(theirs) * length / 1e9));

    private static BenchmarkCase Calls(string name, string rival, Action ours, Action theirs) =>
        new(name, rival, "rate", CallsUnit, () => Task.FromResult(PerSecond(ours)), () => Task.FromResult(PerSecond(theirs)));

    /// <summary>
    /// Calls a second of this process's processor time, so that whatever else runs here counts as little as it can; over about 40 ms, so that both sides of
    /// a round see the same machine.
    /// </summary>
    private static double PerSecond(Action action)
    {
        var calls = 0L;
        var start = Environment.CpuUsage.TotalTime;
        for (long batch = 1; ; batch += batch / 2 + 1)
        {
            for (var i = 0L; i < batch; i++)
                action();
            calls += batch;
            var elapsed = Environment.CpuUsage.TotalTime - start;
            if (elapsed.TotalMilliseconds >= 40)
                return calls / elapsed.TotalSeconds;
        }
    }
}
