using Crust.Cryptography;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Vectors;

/// <summary>RFC 7748 §5.2 (X25519) and RFC 8032 §7.1 (Ed25519).</summary>
public sealed class CurveVectorTests
{
    [Theory]
    [InlineData(
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")]
    [InlineData(
        "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957")]
    public void X25519_MultipliesAsInSection52(string scalar, string point, string expected)
    {
        var shared = new byte[32];
        X25519.TryAgree(Convert.FromHexString(scalar), Convert.FromHexString(point), shared).Should().BeTrue();
        Convert.ToHexStringLower(shared).Should().Be(expected);
    }

    [Fact]
    public void X25519_IteratesAsInSection52()
    {
        var (k, u) = (new byte[32], new byte[32]);
        k[0] = u[0] = 9;
        for (var i = 1; i <= 1000; i++)
        {
            var next = new byte[32];
            X25519.TryAgree(k, u, next).Should().BeTrue();
            (k, u) = (next, k);
            if (i == 1)
                Convert.ToHexStringLower(k).Should().Be("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
        }

        Convert.ToHexStringLower(k).Should().Be("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
    }

    [Fact]
    public void X25519_DerivePublicKey_MultipliesTheBasePoint()
    {
        var (secret, basePoint, expected, actual) = (Enumerable.Repeat((byte)7, 32).ToArray(), new byte[32], new byte[32], new byte[32]);
        basePoint[0] = 9;
        X25519.TryAgree(secret, basePoint, expected).Should().BeTrue();
        X25519.DerivePublicKey(secret, actual);
        actual.Should().Equal(expected);
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [InlineData("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void X25519_RefusesPointsOfLowOrder(string point) =>
        X25519.TryAgree(Enumerable.Repeat((byte)7, 32).ToArray(), Convert.FromHexString(point), new byte[32]).Should().BeFalse();

    [Theory]
    [InlineData( // TEST 1
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData( // TEST 2
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    [InlineData( // TEST 3
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    [InlineData( // TEST SHA(abc)
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42", "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704")]
    public void Ed25519_SignsAndVerifiesAsInSection71(string seed, string publicKey, string message, string signature)
    {
        var (pk, sk, signed, text) = (new byte[32], new byte[64], new byte[64], Convert.FromHexString(message));
        Ed25519.DeriveKeyPair(Convert.FromHexString(seed), pk, sk);
        Convert.ToHexStringLower(pk).Should().Be(publicKey);
        Ed25519.Sign(text, sk, signed);
        Convert.ToHexStringLower(signed).Should().Be(signature);
        Ed25519.Verify(text, signed, pk).Should().BeTrue();
        for (var i = 0; i < signed.Length; i++)
        {
            signed[i] ^= 0x10;
            Ed25519.Verify(text, signed, pk).Should().BeFalse("byte {0} was changed", i);
            signed[i] ^= 0x10;
        }

        Ed25519.Verify([.. text, 0], signed, pk).Should().BeFalse();
        Ed25519.Verify(text, signed.AsSpan(1), pk).Should().BeFalse();
        Ed25519.Verify(text, signed, pk.AsSpan(1)).Should().BeFalse();
    }

    [Fact]
    public void Ed25519_ConvertsBothHalvesOfAKeyToTheSameX25519Pair()
    {
        var (pk, sk, x, secret, derived) = (new byte[32], new byte[64], new byte[32], new byte[32], new byte[32]);
        Ed25519.DeriveKeyPair(Enumerable.Repeat((byte)5, 32).ToArray(), pk, sk);
        Ed25519.TryConvertPublicKey(pk, x).Should().BeTrue();
        Ed25519.ConvertSecretKey(sk, secret);
        X25519.DerivePublicKey(secret, derived);
        x.Should().Equal(derived);
        Ed25519.TryConvertPublicKey(new byte[32], x).Should().BeFalse("y = 0 has order 4");
    }
}
