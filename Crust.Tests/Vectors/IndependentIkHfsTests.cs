using System.Security.Cryptography;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Vectors;

/// <summary>
/// The independent handshake held to the sizes of the patterns and to one recorded run, so that the oracle cannot drift unseen.
/// </summary>
public sealed class IndependentIkHfsTests(ITestOutputHelper output)
{
    /// <summary>SHA-256 of message 1 ‖ message 2 ‖ handshake hash of the fixed run; CPython over OpenSSL came to the same.</summary>
    private const string GoldenTranscriptSha256 = "f214e809ca3a0e1ac1d66680c2b483ab41194e808ce87471e0c35e240495c119";

    /// <summary>SHA-256 of chaining key ‖ initiator-to-responder key ‖ responder-to-initiator key of the fixed run; likewise.</summary>
    private const string GoldenSecretsSha256 = "8ffd1f40c5485a79051a07beda52cebc3572d571d02bb22da7cc1fb1b3b29bad";

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    [InlineData(200, 333)]
    public void Run_MakesMessagesOfTheDesignedSizes(int payload1, int payload2)
    {
        var result = Golden(payload1: new byte[payload1], payload2: new byte[payload2]);

        result.Message1.Should().HaveCount(1296 + payload1);
        result.Message2.Should().HaveCount(1152 + payload2);
        result.HandshakeHash.Should().HaveCount(64);
        result.ChainingKey.Should().HaveCount(64);
        result.InitiatorToResponderKey.Should().HaveCount(32);
        result.ResponderToInitiatorKey.Should().HaveCount(32);
        result.InitiatorToResponderKey.Should().NotEqual(result.ResponderToInitiatorKey);
    }

    [Fact]
    public void Run_ReproducesTheRecordedRun()
    {
        var result = Golden();

        var transcript = Sha256Hex(result.Message1, result.Message2, result.HandshakeHash);
        var secrets = Sha256Hex(result.ChainingKey, result.InitiatorToResponderKey, result.ResponderToInitiatorKey);
        output.WriteLine($"transcript {transcript}");
        output.WriteLine($"secrets    {secrets}");
        output.WriteLine($"h          {Convert.ToHexStringLower(result.HandshakeHash)}");
        transcript.Should().Be(GoldenTranscriptSha256);
        secrets.Should().Be(GoldenSecretsSha256);
    }

    /// <summary>Each of the six secrets must reach ck; one that does not is an oracle that forgot a token.</summary>
    [Theory]
    [InlineData(Input.InitiatorStatic)]
    [InlineData(Input.ResponderStatic)]
    [InlineData(Input.InitiatorEphemeral)]
    [InlineData(Input.ResponderEphemeral)]
    [InlineData(Input.KemSeedD)]
    [InlineData(Input.KemCoins)]
    public void Run_ChangesHashAndKeys_WhenASecretChanges(Input changed)
    {
        var golden = Golden();

        var other = Golden(changed);

        other.HandshakeHash.Should().NotEqual(golden.HandshakeHash);
        other.ChainingKey.Should().NotEqual(golden.ChainingKey);
        other.InitiatorToResponderKey.Should().NotEqual(golden.InitiatorToResponderKey);
        other.ResponderToInitiatorKey.Should().NotEqual(golden.ResponderToInitiatorKey);
    }

    /// <summary>Prologue and payloads are mixed into h alone: ck, and so the keys of Split, must not see them.</summary>
    [Theory]
    [InlineData(Input.Prologue)]
    [InlineData(Input.Payload1)]
    [InlineData(Input.Payload2)]
    public void Run_ChangesTheHashAlone_WhenPrologueOrPayloadChanges(Input changed)
    {
        var golden = Golden();

        var other = Golden(changed);

        other.HandshakeHash.Should().NotEqual(golden.HandshakeHash);
        other.ChainingKey.Should().Equal(golden.ChainingKey);
    }

    /// <summary>z only serves implicit rejection, which an honest handshake never meets.</summary>
    [Fact]
    public void Run_ChangesNothing_WhenOnlyTheRejectionSeedChanges() =>
        Golden(Input.KemSeedZ).Should().BeEquivalentTo(Golden());

    /// <summary>What a test changes by one bit; the bit is one that X25519 does not clamp.</summary>
    public enum Input
    {
        None,
        Prologue,
        InitiatorStatic,
        ResponderStatic,
        InitiatorEphemeral,
        ResponderEphemeral,
        KemSeedD,
        KemSeedZ,
        KemCoins,
        Payload1,
        Payload2,
    }

    /// <summary>Secrets of 0x01, 0x02, 0x03, 0x04, d 0x05, z 0x06, m 0x07, payloads of 16 × 0x08 and 24 × 0x09.</summary>
    private static IndependentIkHfs.Result Golden(Input changed = Input.None) =>
        Golden(Repeat(0x08, 16), Repeat(0x09, 24), changed);

    private static IndependentIkHfs.Result Golden(byte[] payload1, byte[] payload2, Input changed = Input.None)
    {
        var prologue = "crust oracle"u8.ToArray();
        byte[] initiatorStatic = Repeat(0x01, 32), responderStatic = Repeat(0x02, 32);
        byte[] initiatorEphemeral = Repeat(0x03, 32), responderEphemeral = Repeat(0x04, 32);
        byte[] kemSeed = [.. Repeat(0x05, 32), .. Repeat(0x06, 32)], coins = Repeat(0x07, 32);
        switch (changed)
        {
            case Input.None: break;
            case Input.Prologue: prologue[1] ^= 0x10; break;
            case Input.InitiatorStatic: initiatorStatic[1] ^= 0x10; break;
            case Input.ResponderStatic: responderStatic[1] ^= 0x10; break;
            case Input.InitiatorEphemeral: initiatorEphemeral[1] ^= 0x10; break;
            case Input.ResponderEphemeral: responderEphemeral[1] ^= 0x10; break;
            case Input.KemSeedD: kemSeed[1] ^= 0x10; break;
            case Input.KemSeedZ: kemSeed[33] ^= 0x10; break;
            case Input.KemCoins: coins[1] ^= 0x10; break;
            case Input.Payload1: payload1[1] ^= 0x10; break;
            case Input.Payload2: payload2[1] ^= 0x10; break;
            default: throw new ArgumentOutOfRangeException(nameof(changed));
        }

        return IndependentIkHfs.Run(
            prologue, initiatorStatic, responderStatic, initiatorEphemeral, responderEphemeral, kemSeed, coins, payload1, payload2);
    }

    private static byte[] Repeat(byte value, int count) => Enumerable.Repeat(value, count).ToArray();

    private static string Sha256Hex(params byte[][] parts) =>
        Convert.ToHexStringLower(SHA256.HashData(parts.SelectMany(part => part).ToArray()));
}
