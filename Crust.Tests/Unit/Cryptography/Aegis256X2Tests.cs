using Crust.Cryptography;
using Crust.Tests.Vectors;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Cryptography;

/// <summary>Ours against an implementation of the draft that shares nothing with it, which in turn is held to libsodium where degree 1 is AEGIS-256.</summary>
public sealed class Aegis256X2Tests
{
    private readonly Random _random = new(256);

    public Aegis256X2Tests() => Assert.SkipUnless(Aegis256X2.IsSupported, "AEGIS-256X2 needs AES instructions of x86.");

    [Fact]
    public void TheIndependentOne_OfDegreeOne_IsLibsodiumsAegis256()
    {
        for (var length = 0; length < 70; length++)
        {
            var (key, nonce, data, plaintext) = (Bytes(32), Bytes(32), Bytes(length % 37), Bytes(length));
            var expected = new byte[length + Aegis256.TagLength];
            Aegis256.Encrypt(key, nonce, data, plaintext, expected);
            new IndependentAegis256X(1).Encrypt(key, nonce, data, plaintext).Should().Equal(expected);
        }
    }

    [Fact]
    public void EveryLength_IsTheIndependentOnes_AndOpens()
    {
        for (var length = 0; length < 200; length++)
        {
            var (key, nonce, data, plaintext) = (Bytes(32), Bytes(32), Bytes(length * 7 % 101), Bytes(length));
            var ciphertext = new byte[length + Aegis256X2.TagLength];
            Aegis256X2.Encrypt(key, nonce, data, plaintext, ciphertext);
            ciphertext.Should().Equal(new IndependentAegis256X(2).Encrypt(key, nonce, data, plaintext), "of {0} bytes", length);
            Aegis256X2.TryDecrypt(key, nonce, data, ciphertext, ciphertext.AsSpan(0, length)).Should().BeTrue();
            ciphertext[..length].Should().Equal(plaintext);
        }
    }

    [Fact]
    public void Pieces_AreOnePlaintext()
    {
        for (var round = 0; round < 300; round++)
        {
            var (key, nonce, data, plaintext) = (Bytes(32), Bytes(32), Bytes(4), Bytes(_random.Next(400)));
            var expected = new byte[plaintext.Length + Aegis256X2.TagLength];
            Aegis256X2.Encrypt(key, nonce, data, plaintext, expected);

            var ciphertext = new byte[expected.Length];
            var cipher = new Aegis256X2.Encryptor(key, nonce, data);
            var done = 0;
            while (_random.Next(4) > 0)
            {
                var length = _random.Next(((plaintext.Length - done) / Aegis256X2.BlockLength) + 1) * Aegis256X2.BlockLength;
                cipher.Update(plaintext.AsSpan(done, length), ciphertext.AsSpan(done, length));
                done += length;
            }

            cipher.Finish(plaintext.AsSpan(done), ciphertext.AsSpan(done));
            ciphertext.Should().Equal(expected);
        }
    }

    [Fact]
    public void WhatIsNotAuthentic_LeavesZeros()
    {
        foreach (var length in new[] { 0, 1, 31, 32, 33, 100 })
        {
            var (key, nonce, data, plaintext) = (Bytes(32), Bytes(32), Bytes(5), Bytes(length));
            var ciphertext = new byte[length + Aegis256X2.TagLength];
            Aegis256X2.Encrypt(key, nonce, data, plaintext, ciphertext);
            for (var i = 0; i < ciphertext.Length; i++)
            {
                ciphertext[i] ^= 0x80;
                var opened = Bytes(length);
                Aegis256X2.TryDecrypt(key, nonce, data, ciphertext, opened).Should().BeFalse();
                opened.Should().Equal(new byte[length]);
                ciphertext[i] ^= 0x80;
            }

            Aegis256X2.TryDecrypt(key, nonce, [.. data, 0], ciphertext, new byte[length]).Should().BeFalse("the data's length counts");
            Aegis256X2.TryDecrypt(Bytes(32), nonce, data, ciphertext, new byte[length]).Should().BeFalse();
            Aegis256X2.TryDecrypt(key, Bytes(32), data, ciphertext, new byte[length]).Should().BeFalse();
        }

        Aegis256X2.TryDecrypt(Bytes(32), Bytes(32), [], Bytes(31), []).Should().BeFalse("a tag is longer");
    }

    [Fact]
    public void WrongLengths_AreTheCallersBug()
    {
        FluentActions.Invoking(() => Aegis256X2.Encrypt(Bytes(31), Bytes(32), [], [], new byte[32])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Aegis256X2.Encrypt(Bytes(32), Bytes(16), [], [], new byte[32])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Aegis256X2.Encrypt(Bytes(32), Bytes(32), [], [1], new byte[32])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Aegis256X2.TryDecrypt(Bytes(32), Bytes(32), [], Bytes(40), new byte[9])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => new Aegis256X2.Encryptor(Bytes(32), Bytes(32), []).Update(new byte[33], new byte[33])).Should().Throw<ArgumentException>();
    }

    private byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }
}
