using Crust.Cryptography;
using Crust.Noise;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Noise;

public sealed class HandshakeStateTests
{
    private static readonly HandshakePattern NN = HandshakePattern.Parse("NN: -> e <- e, ee");

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    public void ALowOrderEphemeral_KillsBothWritingAndReading(string point)
    {
        var key = Convert.FromHexString(point);
        using var responder = Side(NN, isInitiator: false, 2);
        responder.TryReadMessage(key, new byte[32], out _).Should().BeTrue("no DH yet");
        responder.TryWriteMessage([], new byte[100], out var length).Should().BeFalse();
        length.Should().Be(0);
        responder.IsFinished.Should().BeFalse();
        responder.Invoking(r => r.TryWriteMessage([], new byte[100], out _)).Should().Throw<InvalidOperationException>("it is dead");

        using var initiator = Side(NN, isInitiator: true, 1);
        initiator.TryWriteMessage([], new byte[100], out _).Should().BeTrue();
        initiator.TryReadMessage([.. key, .. new byte[16]], new byte[100], out _).Should().BeFalse();
        initiator.TryReadMessage([.. key, .. new byte[16]], new byte[100], out _).Should().BeFalse("it is dead");
    }

    [Fact]
    public void AMalformedKemKey_FailsWhenItIsUsed()
    {
        var pattern = HandshakePattern.Parse("NNhfs: -> e, e1 <- e, ee, ekem1");
        pattern.ProtocolName.Should().Be("Noise_NNhfs_25519+MLKEM768_ChaChaPoly_BLAKE2b");
        using var initiator = Side(pattern, isInitiator: true, 1);
        var message = new byte[32 + MlKem768.PublicKeyLength];
        initiator.TryWriteMessage([], message, out var length).Should().BeTrue();
        length.Should().Be(message.Length, "nothing is encrypted yet");
        // Coefficients of 4095 fail FIPS 203's modulus check.
        message.AsSpan(32, 3).Fill(0xFF);
        using var responder = Side(pattern, isInitiator: false, 2);
        responder.TryReadMessage(message, new byte[message.Length], out _).Should().BeTrue();
        responder.TryWriteMessage([], new byte[2000], out _).Should().BeFalse();
        responder.Invoking(r => r.Split()).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void WrongTurnsAndEarlyKeys_AreBugs()
    {
        using var initiator = Side(NN, isInitiator: true, 1);
        using var responder = Side(NN, isInitiator: false, 2);
        initiator.Invoking(s => s.TryReadMessage(new byte[48], new byte[48], out _)).Should().Throw<InvalidOperationException>();
        responder.Invoking(s => s.TryWriteMessage([], new byte[48], out _)).Should().Throw<InvalidOperationException>();
        initiator.Invoking(s => s.Split()).Should().Throw<InvalidOperationException>();
        initiator.Invoking(s => s.Expand("x"u8, new byte[32])).Should().Throw<InvalidOperationException>();
        initiator.Invoking(s => s.RemoteStatic.Length).Should().Throw<InvalidOperationException>();
        FluentActions.Invoking(() => new HandshakeState(HandshakePattern.IKhfs, true, [], default)).Should().Throw<InvalidOperationException>("keys are missing");
    }

    [Fact]
    public void Expand_GivesBothSidesTheSameSecret_AndAnotherPerUse()
    {
        using var initiator = Side(NN, isInitiator: true, 1);
        using var responder = Side(NN, isInitiator: false, 2);
        Span<byte> message = new byte[100];
        initiator.TryWriteMessage([], message, out var length).Should().BeTrue();
        responder.TryReadMessage(message[..length], new byte[100], out _).Should().BeTrue();
        responder.TryWriteMessage([], message, out length).Should().BeTrue();
        initiator.TryReadMessage(message[..length], new byte[100], out _).Should().BeTrue();
        (initiator.IsFinished, responder.IsFinished).Should().Be((true, true));
        var (first, second, other) = (new byte[32], new byte[32], new byte[32]);
        initiator.Expand("a"u8, first);
        responder.Expand("a"u8, second);
        responder.Expand("b"u8, other);
        first.Should().Equal(second).And.NotEqual(other);
        initiator.Invoking(s => s.Expand([], new byte[32])).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void PayloadsBeyondNoisesLimit_AreABug_AndMessagesAFailure()
    {
        using var initiator = Side(NN, isInitiator: true, 1);
        initiator.Invoking(s => s.TryWriteMessage(new byte[65535 - 31], new byte[70_000], out _)).Should().Throw<ArgumentException>();
        using var responder = Side(NN, isInitiator: false, 2);
        responder.TryReadMessage(new byte[65536], new byte[70_000], out _).Should().BeFalse();
    }

    [Fact]
    public void ADisposedCipher_PassesNoPlaintext()
    {
        var cipher = new CipherState();
        cipher.EncryptWithAd([], "open"u8, new byte[4]).Should().Be(4, "without a key, bytes pass");
        cipher.InitializeKey(new byte[32]);
        var sealedBytes = new byte[20];
        cipher.EncryptWithAd([], "text"u8, sealedBytes).Should().Be(20);
        cipher.TryDecryptWithAd([], sealedBytes, new byte[4]).Should().BeFalse("the nonce moved on");
        cipher.Dispose();
        cipher.Invoking(c => c.EncryptWithAd([], "text"u8, new byte[20])).Should().Throw<ObjectDisposedException>();
        cipher.TryDecryptWithAd([], sealedBytes, new byte[20]).Should().BeFalse();
    }

    private static HandshakeState Side(HandshakePattern pattern, bool isInitiator, byte fill) => new(pattern, isInitiator, [], new HandshakeKeys
    {
        EphemeralSecret = Enumerable.Repeat(fill, 32).ToArray(), KemSeed = new byte[64], KemCoins = new byte[32],
    });
}
