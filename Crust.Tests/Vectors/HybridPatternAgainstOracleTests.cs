using CsCheck;
using Crust.Noise;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Vectors;

/// <summary>
/// Our IKhfs beside <see cref="IndependentIkHfs"/>, which was written from the specification and the draft alone by someone who had not seen
/// this engine: with the same secrets both must send the same bytes and end with the same hash and keys.
/// </summary>
public sealed class HybridPatternAgainstOracleTests
{
    [Fact]
    public void Engine_SendsAndDerives_ByteForByteWhatTheOracleDoes() =>
        Gen.Select(Gen.Byte.Array[0, 60], Gen.Byte.Array[32 * 4 + 64 + 32], Gen.Byte.Array[0, 200], Gen.Byte.Array[0, 200])
            .Sample(inputs => Compare(inputs.Item1, inputs.Item2, inputs.Item3, inputs.Item4), iter: 25, threads: 1);

    private static void Compare(byte[] prologue, byte[] secrets, byte[] payload1, byte[] payload2)
    {
        var (si, sr, ei, er) = (secrets[..32], secrets[32..64], secrets[64..96], secrets[96..128]);
        var (kemSeed, kemCoins) = (secrets[128..192], secrets[192..224]);
        var oracle = IndependentIkHfs.Run(prologue, si, sr, ei, er, kemSeed, kemCoins, payload1, payload2);
        using var initiator = new HandshakeState(HandshakePattern.IKhfs, isInitiator: true, prologue, new HandshakeKeys
        {
            StaticSecret = si, RemoteStatic = IndependentPrimitives.PublicKey(sr), EphemeralSecret = ei, KemSeed = kemSeed,
        });
        using var responder = new HandshakeState(HandshakePattern.IKhfs, isInitiator: false, prologue, new HandshakeKeys
        {
            StaticSecret = sr, EphemeralSecret = er, KemCoins = kemCoins,
        });

        var message1 = Write(initiator, payload1, 1296);
        message1.Should().Equal(oracle.Message1);
        Read(responder, message1).Should().Equal(payload1);
        var message2 = Write(responder, payload2, 1152);
        message2.Should().Equal(oracle.Message2);
        Read(initiator, message2).Should().Equal(payload2);
        foreach (var side in new[] { initiator, responder })
        {
            side.HandshakeHash.ToArray().Should().Equal(oracle.HandshakeHash);
            var (toResponder, toInitiator) = side.Split();
            foreach (var (cipher, key) in new[] { (toResponder, oracle.InitiatorToResponderKey), (toInitiator, oracle.ResponderToInitiatorKey) })
            {
                var ciphertext = new byte[4 + 16];
                cipher.EncryptWithAd("ad"u8, "text"u8, ciphertext);
                ciphertext.Should().Equal(IndependentPrimitives.Encrypt(key, 0, "ad"u8.ToArray(), "text"u8.ToArray()));
            }
        }
    }

    private static byte[] Write(HandshakeState state, byte[] payload, int overhead)
    {
        var message = new byte[overhead + payload.Length];
        state.TryWriteMessage(payload, message, out var length).Should().BeTrue();
        length.Should().Be(message.Length);
        return message;
    }

    private static byte[] Read(HandshakeState state, byte[] message)
    {
        var payload = new byte[message.Length];
        state.TryReadMessage(message, payload, out var length).Should().BeTrue();
        return payload[..length];
    }
}
