using System.Numerics;
using System.Security.Cryptography;
using Crust.Cryptography;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Cryptography;

public sealed class Ed25519Tests
{
    // The handshake takes an id for valid when it converts: the conversion must refuse whatever the check refuses.
    [Fact]
    public void Conversion_TakesExactlyTheValidKeys()
    {
        var prime = BigInteger.Pow(2, 255) - 19;
        var candidates = new List<byte[]> { new byte[32] };
        for (var i = 0; i < 24; i++)
        {
            candidates.Add(Encode(i, false));
            candidates.Add(Encode(i, true));
            // Not reduced: the same points as above for those below 19.
            candidates.Add(Encode(i + prime - 5, false));
            candidates.Add(Encode(i + prime - 5, true));
        }

        for (var i = 0; i < 500; i++)
        {
            candidates.Add(RandomNumberGenerator.GetBytes(32));
            var key = new byte[32];
            Ed25519.DeriveKeyPair(RandomNumberGenerator.GetBytes(32), key, new byte[64]);
            candidates.Add(key);
        }

        var valid = 0;
        foreach (var key in candidates)
        {
            var isValid = Ed25519.IsValidPublicKey(key);
            Ed25519.TryConvertPublicKey(key, new byte[32]).Should().Be(isValid, "of {0}", Convert.ToHexString(key));
            valid += isValid ? 1 : 0;
        }

        valid.Should().BeGreaterThanOrEqualTo(500).And.BeLessThan(candidates.Count);
    }

    private static byte[] Encode(BigInteger y, bool sign)
    {
        var bytes = new byte[32];
        y.ToByteArray(isUnsigned: true).CopyTo(bytes, 0);
        bytes[31] |= (byte)(sign && bytes[31] < 0x80 ? 0x80 : 0);
        return bytes;
    }
}
