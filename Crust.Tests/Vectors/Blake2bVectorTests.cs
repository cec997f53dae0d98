using Crust.Cryptography;
using CsCheck;
using FluentAssertions;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;
using Xunit;

namespace Crust.Tests.Vectors;

/// <summary>RFC 7693 appendix A; HMAC and HKDF over BLAKE2b have no official vectors and are held to another implementation.</summary>
public sealed class Blake2bVectorTests
{
    [Fact]
    public void Hash_OfAbc_IsThatOfRfc7693()
    {
        var hash = new byte[64];
        Blake2b.Hash("a"u8, "b"u8, "c"u8, hash);
        Convert.ToHexStringLower(hash).Should().Be(
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
    }

    [Fact]
    public void Hmac_AgreesWithAnotherImplementation() =>
        Gen.Select(Gen.Byte.Array[0, 128], Gen.Byte.Array[0, 300], Gen.Byte.Array[0, 300]).Sample((key, first, second) =>
        {
            var mac = new byte[64];
            HmacBlake2b.Compute(key, first, second, mac);
            return mac.AsSpan().SequenceEqual(ReferenceHmac(key, [.. first, .. second]));
        }, iter: 200);

    [Fact]
    public void Derive_IsTheNoiseSpecificationsHkdf() =>
        Gen.Select(Gen.Byte.Array[64], Gen.Byte.Array[0, 64]).Sample((chainingKey, material) =>
        {
            var key = ReferenceHmac(chainingKey, material);
            var first = ReferenceHmac(key, [1]);
            var second = ReferenceHmac(key, [.. first, 2]);
            var actual = new byte[64];
            HmacBlake2b.Derive(chainingKey, material, chainingKey, actual);
            return chainingKey.AsSpan().SequenceEqual(first) && actual.AsSpan().SequenceEqual(second);
        }, iter: 50);

    [Fact]
    public void Expand_IsThatOfRfc5869() =>
        Gen.Select(Gen.Byte.Array[1, 64], Gen.Byte.Array[0, 100], Gen.Int[1, 300]).Sample((key, info, length) =>
        {
            var (expected, actual) = (new byte[length], new byte[length]);
            var reference = new HkdfBytesGenerator(new Blake2bDigest(512));
            reference.Init(HkdfParameters.SkipExtractParameters(key, info));
            reference.GenerateBytes(expected, 0, length);
            HmacBlake2b.Expand(key, info, actual);
            return actual.AsSpan().SequenceEqual(expected);
        }, iter: 100);

    [Fact]
    public void Compute_RefusesKeysLongerThanABlock() =>
        FluentActions.Invoking(() => HmacBlake2b.Compute(new byte[129], [], [], new byte[64])).Should().Throw<ArgumentException>();

    private static byte[] ReferenceHmac(byte[] key, byte[] data)
    {
        var hmac = new HMac(new Blake2bDigest(512));
        hmac.Init(new KeyParameter(key));
        hmac.BlockUpdate(data, 0, data.Length);
        var mac = new byte[64];
        hmac.DoFinal(mac, 0);
        return mac;
    }
}
