using System.Text.Json;
using Crust.Noise;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Vectors;

/// <summary>Every vector of cacophony and snow for 25519, ChaChaPoly and BLAKE2b without pre-shared keys: both sides, byte for byte.</summary>
public sealed class NoiseVectorTests
{
    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var file in new[] { "noise-cacophony.json", "noise-snow.json" })
            {
                foreach (var vector in VectorFile.Load(file).GetProperty("vectors").EnumerateArray())
                    cases.Add(file, vector.GetProperty("protocol_name").GetString()!);
            }

            return cases;
        }
    }

    [Fact]
    public void Files_CoverEveryPattern()
    {
        Cases.Should().HaveCount(2 * 38);
        NoisePatterns.Names.Should().HaveCount(38);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Handshake_GivesTheVectorsBytes(string file, string protocolName)
    {
        var vector = VectorFile.Load(file).GetProperty("vectors").EnumerateArray().Single(v => v.GetProperty("protocol_name").GetString() == protocolName);
        var pattern = HandshakePattern.Parse(NoisePatterns.Text(protocolName.Split('_')[1]));
        pattern.ProtocolName.Should().Be(protocolName);
        using var initiator = Side(pattern, vector, "init", isInitiator: true);
        using var responder = Side(pattern, vector, "resp", isInitiator: false);
        var messages = vector.GetProperty("messages").EnumerateArray().ToArray();
        messages.Length.Should().BeGreaterThan(pattern.Messages.Length, "transport messages follow");
        for (var i = 0; i < pattern.Messages.Length; i++)
        {
            var (writer, reader) = i % 2 == 0 ? (initiator, responder) : (responder, initiator);
            var (payload, expected) = (messages[i].Bytes("payload"), messages[i].Bytes("ciphertext"));
            var (message, read) = (new byte[expected.Length], new byte[expected.Length]);
            writer.TryWriteMessage(payload, message, out var written).Should().BeTrue();
            message[..written].Should().Equal(expected, "message {0}", i);
            reader.TryReadMessage(message, read, out var length).Should().BeTrue();
            read[..length].Should().Equal(payload);
        }

        if (vector.TryGetProperty("handshake_hash", out _))
            initiator.HandshakeHash.ToArray().Should().Equal(vector.Bytes("handshake_hash"));
        responder.HandshakeHash.ToArray().Should().Equal(initiator.HandshakeHash.ToArray());
        CheckTransport(pattern, initiator.Split(), responder.Split(), messages);
    }

    private static void CheckTransport(
        HandshakePattern pattern, (CipherState Initiator, CipherState Responder) own, (CipherState Initiator, CipherState Responder) other, JsonElement[] messages)
    {
        for (var i = pattern.Messages.Length; i < messages.Length; i++)
        {
            var fromInitiator = pattern.Messages.Length == 1 || i % 2 == 0;
            var (writer, reader) = fromInitiator ? (own.Initiator, other.Initiator) : (other.Responder, own.Responder);
            var (payload, expected) = (messages[i].Bytes("payload"), messages[i].Bytes("ciphertext"));
            var (message, read) = (new byte[expected.Length], new byte[payload.Length]);
            writer.EncryptWithAd([], payload, message).Should().Be(expected.Length);
            message.Should().Equal(expected, "transport message {0}", i);
            reader.TryDecryptWithAd([], message, read).Should().BeTrue();
            read.Should().Equal(payload);
        }
    }

    private static HandshakeState Side(HandshakePattern pattern, JsonElement vector, string prefix, bool isInitiator) =>
        new(pattern, isInitiator, vector.Bytes($"{prefix}_prologue"), new HandshakeKeys
        {
            StaticSecret = vector.Bytes($"{prefix}_static"),
            RemoteStatic = vector.Bytes($"{prefix}_remote_static"),
            EphemeralSecret = vector.Bytes($"{prefix}_ephemeral"),
        });
}
