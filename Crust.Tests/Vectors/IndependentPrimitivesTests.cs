using System.Security.Cryptography;
using System.Text;
using FluentAssertions;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;
using Xunit;
using static Crust.Tests.Vectors.IndependentPrimitives;

namespace Crust.Tests.Vectors;

/// <summary>The oracle's own primitives against answers that somebody else published.</summary>
public sealed class IndependentPrimitivesTests
{
    /// <summary>
    /// The digest after 100 rounds of Go's crypto/mlkem TestAccumulated. C2SP's CCTV invented the method; its own digests are of the draft
    /// of FIPS 203, which lacked the k in G(d ‖ k).
    /// </summary>
    private const string Accumulated100 = "1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415";

    [Fact]
    public void Hash_IsBlake2b512_OfRfc7693AppendixA() =>
        Hex(Hash("a"u8.ToArray(), "bc"u8.ToArray())).Should().Be(
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1" +
            "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");

    /// <summary>
    /// A key shorter and one longer than the block: inputs of RFC 4231, cases 1 and 6; answers of CPython's hmac over hashlib.blake2b.
    /// </summary>
    [Theory]
    [InlineData(
        0x0b, 20, "Hi There",
        "358a6a184924894fc34bee5680eedf57d84a37bb38832f288e3b27dc63a98cc8" +
        "c91e76da476b508bc6b2d408a248857452906e4a20b48c6b4b55d2df0fe1dd24")]
    [InlineData(
        0xaa, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
        "a54b2943b2a20227d41ca46c0945af09bc1faefb2f49894c23aebc557fb79c48" +
        "89dca74408dc865086667aedee4a3185c53a49c80b814c4c5813ea0c8b38a8f8")]
    public void HmacHash_HasABlockOf128Bytes(byte keyByte, int keyBytes, string text, string expected) =>
        Hex(HmacHash(Enumerable.Repeat(keyByte, keyBytes).ToArray(), Encoding.ASCII.GetBytes(text))).Should().Be(expected);

    [Fact]
    public void Dh_IsX25519_OfRfc7748Section5() =>
        Hex(Dh(
            Bytes("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
            Bytes("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")))
            .Should().Be("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");

    [Fact]
    public void PublicKeyAndDh_AgreeBothWays_OnRfc7748Section6()
    {
        var alice = Bytes("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        var bob = Bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");

        Hex(PublicKey(alice)).Should().Be("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        Hex(PublicKey(bob)).Should().Be("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
        Hex(Dh(alice, PublicKey(bob))).Should().Be("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
        Hex(Dh(bob, PublicKey(alice))).Should().Be("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    }

    [Fact]
    public void Dh_Throws_WhenTheResultIsAllZero() =>
        FluentActions.Invoking(() => Dh(Enumerable.Repeat((byte)1, 32).ToArray(), new byte[32]))
            .Should().Throw<InvalidOperationException>();

    /// <summary>RFC 8439's nonce, 00000000 ‖ 0102030405060708, is a Noise nonce whose counter is read little-endian.</summary>
    [Fact]
    public void EncryptAndDecrypt_AreChaCha20Poly1305_OfRfc8439AppendixA5()
    {
        var key = Bytes("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0");
        var associatedData = Bytes("f33388860000000000004e91");
        var plaintext = Encoding.UTF8.GetBytes(
            "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or obsoleted by other " +
            "documents at any time. It is inappropriate to use Internet-Drafts as reference material or to cite them other than as " +
            "/\u201cwork in progress./\u201d");

        var ciphertext = Encrypt(key, 0x0807060504030201, associatedData, plaintext);

        ciphertext.Should().HaveCount(265 + 16);
        Hex(ciphertext[..16]).Should().Be("64a0861575861af460f062c79be643bd");
        Hex(ciphertext[^16..]).Should().Be("eead9d67890cbb22392336fea1851f38");
        Decrypt(key, 0x0807060504030201, associatedData, ciphertext).Should().Equal(plaintext);
        ciphertext[0] ^= 1;
        FluentActions.Invoking(() => Decrypt(key, 0x0807060504030201, associatedData, ciphertext))
            .Should().Throw<InvalidCipherTextException>();
    }

    [Fact]
    public void KemKeyPair_TakesDThenZ_AsTheAcvpCaseExpects()
    {
        var keyPair = KemKeyPair(Bytes(AcvpMlKem768.KeyGenD + AcvpMlKem768.KeyGenZ));

        keyPair.GetPublicKeyEncoded().Should().HaveCount(1184);
        Hex(SHA256.HashData(keyPair.GetPublicKeyEncoded())).Should().Be(AcvpMlKem768.KeyGenEkSha256);
        keyPair.GetEncoded().Should().HaveCount(2400);
        Hex(SHA256.HashData(keyPair.GetEncoded())).Should().Be(AcvpMlKem768.KeyGenDkSha256);
    }

    /// <summary>Proves that the fixed randomness is taken as m itself, unhashed, as FIPS 203 says (and as Kyber did not).</summary>
    [Fact]
    public void KemEncapsulate_TakesItsCoinsAsM_AsTheAcvpCaseExpects()
    {
        var (ciphertext, output) = KemEncapsulate(Bytes(AcvpMlKem768.EncapsEk), Bytes(AcvpMlKem768.EncapsM));

        Hex(ciphertext).Should().Be(AcvpMlKem768.EncapsC);
        Hex(output).Should().Be(AcvpMlKem768.EncapsK);
    }

    [Theory]
    [InlineData(31)]
    [InlineData(33)]
    public void KemEncapsulate_Throws_UnlessItDrawsExactlyThirtyTwoBytes(int coins) =>
        FluentActions.Invoking(() => KemEncapsulate(Bytes(AcvpMlKem768.EncapsEk), new byte[coins]))
            .Should().Throw<InvalidOperationException>();

    /// <summary>
    /// Each round draws d ‖ z, m and a random ciphertext from SHAKE128 of nothing, and absorbs ek, c, K and the implicit rejection
    /// secret of the random ciphertext into a second SHAKE128.
    /// </summary>
    [Fact]
    public void Kem_MatchesAHundredAccumulatedRounds_WithImplicitRejection()
    {
        var source = new ShakeDigest(128);
        var sink = new ShakeDigest(128);
        for (var round = 0; round < 100; round++)
        {
            var keyPair = KemKeyPair(Draw(source, 64));
            var (ciphertext, output) = KemEncapsulate(keyPair.GetPublicKeyEncoded(), Draw(source, 32));
            KemDecapsulate(keyPair, ciphertext).Should().Equal(output);
            var rejection = KemDecapsulate(keyPair, Draw(source, 1088));
            foreach (var part in new[] { keyPair.GetPublicKeyEncoded(), ciphertext, output, rejection })
                sink.BlockUpdate(part, 0, part.Length);
        }

        Hex(Draw(sink, 32)).Should().Be(Accumulated100);
    }

    private static byte[] Draw(ShakeDigest shake, int count)
    {
        var bytes = new byte[count];
        shake.Output(bytes, 0, count);
        return bytes;
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex);

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
