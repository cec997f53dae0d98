using System.Text;
using Crust.Cryptography;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Vectors;

/// <summary>RFC 8439 §2.8.2 and the test vectors of draft-irtf-cfrg-aegis-aead with 256-bit tags.</summary>
public sealed class AeadVectorTests
{
    private delegate void Encrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> data, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext);

    private delegate bool TryDecrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> data, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext);

    public static TheoryData<string, int> AegisCases
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (var name in new[] { "AEGIS-128L", "AEGIS-256", "AEGIS-256X2" })
            {
                for (var i = 0; i < VectorFile.Load("aegis.json").GetProperty(name).GetArrayLength(); i++)
                    cases.Add(name, i);
            }

            return cases;
        }
    }

    [Fact]
    public void ChaCha20Poly1305_IsThatOfRfc8439()
    {
        var key = Enumerable.Range(0x80, 32).Select(i => (byte)i).ToArray();
        var plaintext = Encoding.ASCII.GetBytes(
            "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.");
        Check(
            ChaCha20Poly1305.Encrypt, ChaCha20Poly1305.TryDecrypt, key, Convert.FromHexString("070000004041424344454647"),
            Convert.FromHexString("50515253c0c1c2c3c4c5c6c7"), plaintext, Convert.FromHexString(
                "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
                + "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116"
                + "1ae10b594f09e26a7e902ecbd0600691"));
    }

    [Theory]
    [MemberData(nameof(AegisCases))]
    public void Aegis_IsThatOfTheDraft(string name, int index)
    {
        var vector = VectorFile.Load("aegis.json").GetProperty(name)[index];
        Assert.SkipUnless(name != "AEGIS-256X2" || Aegis256X2.IsSupported, "AEGIS-256X2 needs AES instructions of x86.");
        (Encrypt encrypt, TryDecrypt decrypt) = name switch
        {
            "AEGIS-256" => ((Encrypt)Aegis256.Encrypt, (TryDecrypt)Aegis256.TryDecrypt),
            "AEGIS-256X2" => (Aegis256X2.Encrypt, Aegis256X2.TryDecrypt),
            _ => (Aegis128L.Encrypt, Aegis128L.TryDecrypt),
        };
        byte[] sealedBytes = [.. vector.Bytes("ct"), .. vector.Bytes("tag256")];
        if (vector.TryGetProperty("msg", out _))
            Check(encrypt, decrypt, vector.Bytes("key"), vector.Bytes("nonce"), vector.Bytes("ad"), vector.Bytes("msg"), sealedBytes);
        else
            decrypt(vector.Bytes("key"), vector.Bytes("nonce"), vector.Bytes("ad"), sealedBytes, new byte[vector.Bytes("ct").Length]).Should().BeFalse();
    }

    private static void Check(Encrypt encrypt, TryDecrypt decrypt, byte[] key, byte[] nonce, byte[] data, byte[] plaintext, byte[] expected)
    {
        var ciphertext = new byte[expected.Length];
        encrypt(key, nonce, data, plaintext, ciphertext);
        ciphertext.Should().Equal(expected);
        var opened = new byte[plaintext.Length];
        decrypt(key, nonce, data, ciphertext, opened).Should().BeTrue();
        opened.Should().Equal(plaintext);

        // In place, both ways.
        byte[] buffer = [.. plaintext, .. new byte[expected.Length - plaintext.Length]];
        encrypt(key, nonce, data, buffer.AsSpan(0, plaintext.Length), buffer);
        buffer.Should().Equal(expected);
        decrypt(key, nonce, data, buffer, buffer.AsSpan(0, plaintext.Length)).Should().BeTrue();
        buffer[..plaintext.Length].Should().Equal(plaintext);

        for (var i = 0; i < expected.Length; i++)
        {
            ciphertext[i] ^= 1;
            decrypt(key, nonce, data, ciphertext, opened).Should().BeFalse("byte {0} was changed", i);
            ciphertext[i] ^= 1;
        }

        decrypt(key, nonce, [.. data, 0], ciphertext, opened).Should().BeFalse();
        decrypt(key, nonce, data, ciphertext.AsSpan(0, expected.Length - plaintext.Length - 1), []).Should().BeFalse("it is shorter than a tag");
    }
}
