using Crust.Cryptography;
using FluentAssertions;
using Org.BouncyCastle.Crypto.Digests;
using Xunit;

namespace Crust.Tests.Vectors;

/// <summary>FIPS 203: key generation of NIST ACVP and the vectors of C2SP/CCTV, among them the accumulated hash of 10,000 runs of the reference implementation.</summary>
public sealed class MlKem768VectorTests
{
    /// <summary>
    /// NIST ACVP, ML-KEM-keyGen-FIPS203, tcId 26 and 27. Given are the start of the decapsulation key and the hash of the encapsulation key
    /// that it holds, which binds the rest.
    /// </summary>
    [Theory]
    [InlineData(
        "E34A701C4C87582F42264EE422D3C684D97611F2523EFE0C998AF05056D693DC", "A85768F3486BD32A01BF9A8F21EA938E648EAE4E5448C34C3EB88820B159EEDD",
        "98A1B2DA4A65CFB5845EA7311E6A06DB731F1590C41EE74BA10782715B35A310", "E29020839D052FA372585627F8B59EE312AE414C979D825F06A6929A79625718")]
    [InlineData(
        "444F032DD19AE7518C4B35B0732A41DC567845ABA8BD7B04A9C413A0CF2DE0B5", "DF0F282411F4A071489A8F618E2AE5AEF40131CAC5233D6D731522720C2FEB1C",
        "657004A34B4EA6B278BDC1BC94A997D86B206F88875A934042732CFAF8B3A014", "BBA283F4C993A010081E2CC571D97234472CC9858D199CF0D6E6B9BD720C2665")]
    public void DeriveKeyPair_IsThatOfAcvp(string d, string z, string start, string hash)
    {
        var (ek, dk) = (new byte[MlKem768.PublicKeyLength], new byte[MlKem768.SecretKeyLength]);
        MlKem768.DeriveKeyPair(Convert.FromHexString(d + z), ek, dk);
        Convert.ToHexString(dk[..32]).Should().Be(start);
        dk[1152..(1152 + 1184)].Should().Equal(ek);
        Convert.ToHexString(dk[^64..]).Should().Be(hash + z);
        var sha3 = new Sha3Digest(256);
        sha3.BlockUpdate(ek, 0, ek.Length);
        var ekHash = new byte[32];
        sha3.DoFinal(ekHash, 0);
        Convert.ToHexString(ekHash).Should().Be(hash);
    }

    [Fact]
    public void EncapsulationAndDecapsulation_AreThoseOfTheIntermediateValues()
    {
        var vector = VectorFile.Load("mlkem768.json");
        var (c, k, decapsulated) = (new byte[MlKem768.CiphertextLength], new byte[32], new byte[32]);
        MlKem768.TryEncapsulate(vector.Bytes("ek"), vector.Bytes("m"), c, k).Should().BeTrue();
        c.Should().Equal(vector.Bytes("c"));
        k.Should().Equal(vector.Bytes("K"));
        MlKem768.TryDecapsulate(vector.Bytes("dk"), c, decapsulated).Should().BeTrue();
        decapsulated.Should().Equal(k);
    }

    [Fact]
    public void Decapsulate_RejectsImplicitly()
    {
        var vector = VectorFile.Load("mlkem768.json").GetProperty("rejection");
        var k = new byte[32];
        MlKem768.TryDecapsulate(vector.Bytes("dk"), vector.Bytes("c"), k).Should().BeTrue();
        k.Should().Equal(vector.Bytes("K"));
    }

    /// <summary>CCTV's "accumulated pq-crystals vectors": inputs from SHAKE128 of nothing, all outputs into another SHAKE128; the hash for the final FIPS 203.</summary>
    [Fact]
    public void TenThousandRuns_AccumulateToTheReferenceHash()
    {
        var (random, accumulator) = (new ShakeDigest(128), new ShakeDigest(128));
        var (seed, m, forged) = (new byte[64], new byte[32], new byte[MlKem768.CiphertextLength]);
        var (ek, dk, c) = (new byte[MlKem768.PublicKeyLength], new byte[MlKem768.SecretKeyLength], new byte[MlKem768.CiphertextLength]);
        var (k, same, rejected) = (new byte[32], new byte[32], new byte[32]);
        var allAgree = true;
        for (var i = 0; i < 10_000; i++)
        {
            foreach (var input in new[] { seed, m, forged })
                random.Output(input, 0, input.Length);
            MlKem768.DeriveKeyPair(seed, ek, dk);
            allAgree &= MlKem768.TryEncapsulate(ek, m, c, k) & MlKem768.TryDecapsulate(dk, c, same) & MlKem768.TryDecapsulate(dk, forged, rejected);
            allAgree &= k.AsSpan().SequenceEqual(same);
            foreach (var output in new[] { ek, dk, c, k, rejected })
                accumulator.BlockUpdate(output, 0, output.Length);
        }

        var hash = new byte[32];
        accumulator.OutputFinal(hash, 0, hash.Length);
        allAgree.Should().BeTrue();
        Convert.ToHexStringLower(hash).Should().Be("f959d18d3d1180121433bf0e05f11e7908cf9d03edc150b2b07cb90bef5bc1c1");
    }

    /// <summary>FIPS 203 §7.2: coefficients of an encapsulation key are below 3329.</summary>
    [Theory]
    [InlineData(3329)]
    [InlineData(4095)]
    public void Encapsulate_RefusesKeysThatFailTheModulusCheck(int coefficient)
    {
        var ek = VectorFile.Load("mlkem768.json").Bytes("ek");
        for (var i = 0; i < 1152; i += 3)
        {
            var changed = (byte[])ek.Clone();
            changed[i] = (byte)(coefficient & 0xFF);
            changed[i + 1] = (byte)((changed[i + 1] & 0xF0) | (coefficient >> 8));
            MlKem768.TryEncapsulate(changed, new byte[32], new byte[MlKem768.CiphertextLength], new byte[32]).Should().BeFalse("coefficient {0}", i / 3 * 2);
        }
    }
}
