using System.Text;
using Crust.Identity;
using Crust.Noise;
using Crust.Session.Handshakes;
using Crust.Session.Records;
using FluentAssertions;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math.EC.Rfc7748;
using Org.BouncyCastle.Security;
using Xunit;
using AeadCipher = Org.BouncyCastle.Crypto.Modes.ChaCha20Poly1305;

namespace Crust.Tests.Vectors;

/// <summary>
/// IKhfs against a second implementation: straight-line code from the Noise specification and the HFS draft over another library's
/// primitives. It shares no line with the engine. No published vectors exist for 25519+MLKEM768.
/// </summary>
public sealed class HybridPatternTests
{
    private const string Name = "Noise_IKhfs_25519+MLKEM768_ChaChaPoly_BLAKE2b";

    [Fact]
    public void ProtocolName_IsTheDesigns() => HandshakePattern.IKhfs.ProtocolName.Should().Be(Name);

    [Fact]
    public void Responder_UnderstandsAStraightLineInitiator()
    {
        var (si, sr, ei, er) = (Secret(1), Secret(2), Secret(3), Secret(4));
        using var responder = new HandshakeState(HandshakePattern.IKhfs, isInitiator: false, "prologue"u8, new HandshakeKeys
        {
            StaticSecret = sr, EphemeralSecret = er, KemCoins = Secret(6),
        });
        var line = new StraightLine("prologue"u8.ToArray(), Public(sr));
        var message1 = line.Message1(si, ei, Public(sr), Secret(7, 64), "hello"u8.ToArray());
        message1.Should().HaveCount(1296 + 5);
        var payload = new byte[message1.Length];
        responder.TryReadMessage(message1, payload, out var length).Should().BeTrue();
        payload[..length].Should().Equal("hello"u8.ToArray());
        responder.RemoteStatic.ToArray().Should().Equal(Public(si));
        var message2 = new byte[1152 + 3];
        responder.TryWriteMessage("yes"u8, message2, out var written).Should().BeTrue();
        written.Should().Be(message2.Length);
        line.ReadMessage2(message2, si, ei).Should().Equal("yes"u8.ToArray());
        line.Hash.Should().Equal(responder.HandshakeHash.ToArray());
        CheckSplit(line, responder);
    }

    [Fact]
    public void Initiator_UnderstandsAStraightLineResponder()
    {
        var (si, sr, ei, er) = (Secret(1), Secret(2), Secret(3), Secret(4));
        using var initiator = new HandshakeState(HandshakePattern.IKhfs, isInitiator: true, "prologue"u8, new HandshakeKeys
        {
            StaticSecret = si, RemoteStatic = Public(sr), EphemeralSecret = ei, KemSeed = Secret(7, 64),
        });
        var line = new StraightLine("prologue"u8.ToArray(), Public(sr));
        var message1 = new byte[1296 + 5];
        initiator.TryWriteMessage("hello"u8, message1, out var written).Should().BeTrue();
        written.Should().Be(message1.Length);
        var message2 = line.AnswerMessage1(message1, sr, er, out var payload, "yes"u8.ToArray());
        payload.Should().Equal("hello"u8.ToArray());
        message2.Should().HaveCount(1152 + 3);
        var read = new byte[message2.Length];
        initiator.TryReadMessage(message2, read, out var length).Should().BeTrue();
        read[..length].Should().Equal("yes"u8.ToArray());
        line.Hash.Should().Equal(initiator.HandshakeHash.ToArray());
        CheckSplit(line, initiator);
    }

    /// <summary>The documented bytes of prologue, payloads, record secrets and exporter, built by hand.</summary>
    [Fact]
    public void LinkHandshake_HasTheDocumentedBytes()
    {
        using var self = PeerIdentity.FromSeed(Secret(20));
        using var other = PeerIdentity.FromSeed(Secret(21));
        using var responder = new ResponderHandshake(self, NetworkId.FromName("test"), HandshakeRandomness.FromBytes(Secret(22, HandshakeRandomness.Length)));
        byte[] prologue = [.. "crust"u8, 1, .. NetworkId.FromName("test").ToByteArray(), .. self.Id.ToByteArray()];
        var line = new StraightLine(prologue, self.AgreementPublic.ToArray());
        byte[] payload = [7, .. other.Id.ToByteArray(), .. Secret(30, 16), 1, .. Secret(31, 16), 0, 0, 0, 2, 0, 1, 2, 3, 4, 5, 6, 7, 2, 3, 1, 0xEE];
        var message1 = line.Message1(other.AgreementSecret.ToArray(), Secret(3), self.AgreementPublic.ToArray(), Secret(7, 64), payload);
        responder.TryReadMessage1(message1, out var offer).Should().BeTrue();
        offer!.Should().BeEquivalentTo(new
        {
            Initiator = other.Id, MinorVersion = (byte)7, Nonce = SessionNonce.FromBytes(Secret(30, 16)), KnownNonce = (SessionNonce?)SessionNonce.FromBytes(Secret(31, 16)),
            Features = HandshakeFeatures.RequiresSignatures, Epoch = new ProcessEpoch(0x0001020304050607), Suites = new[] { RecordSuite.Aegis128L, RecordSuite.ChaCha20Poly1305 },
        });
        var message2 = new byte[RecordHeader.MaxHandshakeLength];
        var reply = new HandshakeReply(5, SessionNonce.FromBytes(Secret(32, 16)), null, HandshakeFeatures.None, new ProcessEpoch(0x0706050403020100), 0x01020304, RecordSuite.ChaCha20Poly1305);
        responder.TryWriteMessage2(reply, message2, out var length, out var result).Should().BeTrue();
        using var _ = result!;
        byte[] expected = [5, .. Secret(32, 16), 0, 0, 0, 0, 0, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 1];
        line.ReadMessage2(message2[..length], other.AgreementSecret.ToArray(), Secret(3)).Should().Equal(expected);
        result!.SendKey.Should().Equal(line.Expand([.. "crust record secret v1"u8, .. line.Hash, 1, 1]));
        result.ReceiveKey.Should().Equal(line.Expand([.. "crust record secret v1"u8, .. line.Hash, 1, 0]));
        var exported = new byte[32];
        result.Export("some label"u8, exported);
        exported.Should().Equal(StraightLine.Hmac(line.Expand([.. "crust exporter secret v1"u8, .. line.Hash]), [.. "some label"u8, 1])[..32]);
        result.MinorVersion.Should().Be(5);
        (result.SendSigned, result.ReceiveSigned).Should().Be((true, false));
    }

    private static void CheckSplit(StraightLine line, HandshakeState state)
    {
        var (initiator, responder) = state.Split();
        var (first, second) = line.Split();
        foreach (var (cipher, key) in new[] { (initiator, first), (responder, second) })
        {
            var sealedBytes = new byte[4 + 16];
            cipher.EncryptWithAd("ad"u8, "text"u8, sealedBytes);
            sealedBytes.Should().Equal(StraightLine.Seal(key, 0, "ad"u8.ToArray(), "text"u8.ToArray()));
        }
    }

    private static byte[] Secret(byte fill, int length = 32) => [.. Enumerable.Range(0, length).Select(i => (byte)(fill + i))];

    private static byte[] Public(byte[] secret)
    {
        var key = new byte[32];
        X25519.ScalarMultBase(secret, 0, key, 0);
        return key;
    }

    private sealed class StraightLine
    {
        private byte[] _ck, _k = [];
        private MLKemPrivateKeyParameters? _kem;

        internal StraightLine(byte[] prologue, byte[] rs)
        {
            // 45 bytes: padded with zeros, not hashed.
            Hash = [.. Encoding.ASCII.GetBytes(Name), .. new byte[64 - Name.Length]];
            _ck = Hash;
            MixHash(prologue);
            MixHash(rs);
        }

        internal byte[] Hash { get; private set; }

        internal byte[] Message1(byte[] si, byte[] ei, byte[] rs, byte[] kemSeed, byte[] payload)
        {
            var e = Public(ei);
            MixHash(e);
            MixKey(Dh(ei, rs));
            _kem = MLKemPrivateKeyParameters.FromSeed(MLKemParameters.ml_kem_768, kemSeed);
            var e1 = EncryptAndHash(0, _kem.GetPublicKey().GetEncoded());
            var s = EncryptAndHash(1, Public(si));
            MixKey(Dh(si, rs));
            return [.. e, .. e1, .. s, .. EncryptAndHash(0, payload)];
        }

        internal byte[] ReadMessage2(byte[] message, byte[] si, byte[] ei)
        {
            var re = message[..32];
            MixHash(re);
            MixKey(Dh(ei, re));
            var decapsulator = new MLKemDecapsulator(MLKemParameters.ml_kem_768);
            decapsulator.Init(_kem);
            var ciphertext = DecryptAndHash(0, message[32..(32 + 1104)]);
            var secret = new byte[decapsulator.SecretLength];
            decapsulator.Decapsulate(ciphertext, 0, ciphertext.Length, secret, 0, secret.Length);
            MixKey(secret);
            MixKey(Dh(si, re));
            return DecryptAndHash(0, message[(32 + 1104)..]);
        }

        internal byte[] AnswerMessage1(byte[] message, byte[] sr, byte[] er, out byte[] payload, byte[] answer)
        {
            var re = message[..32];
            MixHash(re);
            MixKey(Dh(sr, re));
            var e1 = DecryptAndHash(0, message[32..(32 + 1200)]);
            var rs = DecryptAndHash(1, message[1232..1280]);
            MixKey(Dh(sr, rs));
            payload = DecryptAndHash(0, message[1280..]);
            var e = Public(er);
            MixHash(e);
            MixKey(Dh(er, re));
            var encapsulator = new MLKemEncapsulator(MLKemParameters.ml_kem_768);
            encapsulator.Init(new ParametersWithRandom(MLKemPublicKeyParameters.FromEncoding(MLKemParameters.ml_kem_768, e1), new SecureRandom()));
            var (ciphertext, secret) = (new byte[encapsulator.EncapsulationLength], new byte[encapsulator.SecretLength]);
            encapsulator.Encapsulate(ciphertext, 0, ciphertext.Length, secret, 0, secret.Length);
            var ekem1 = EncryptAndHash(0, ciphertext);
            MixKey(secret);
            MixKey(Dh(er, rs));
            return [.. e, .. ekem1, .. EncryptAndHash(0, answer)];
        }

        internal (byte[] First, byte[] Second) Split()
        {
            var key = Hmac(_ck, []);
            var first = Hmac(key, [1]);
            return (first[..32], Hmac(key, [.. first, 2])[..32]);
        }

        internal byte[] Expand(byte[] information) => Hmac(_ck, [.. information, 1])[..32];

        internal static byte[] Seal(byte[] key, ulong counter, byte[] data, byte[] plaintext) => Cipher(true, key, counter, data, plaintext);

        internal static byte[] Hmac(byte[] key, byte[] data)
        {
            var hmac = new HMac(new Blake2bDigest(512));
            hmac.Init(new KeyParameter(key));
            hmac.BlockUpdate(data, 0, data.Length);
            var mac = new byte[64];
            hmac.DoFinal(mac, 0);
            return mac;
        }

        private void MixHash(byte[] data)
        {
            var digest = new Blake2bDigest(512);
            digest.BlockUpdate(Hash, 0, 64);
            digest.BlockUpdate(data, 0, data.Length);
            var hash = new byte[64];
            digest.DoFinal(hash, 0);
            Hash = hash;
        }

        private void MixKey(byte[] material)
        {
            var key = Hmac(_ck, material);
            _ck = Hmac(key, [1]);
            _k = Hmac(key, [.. _ck, 2])[..32];
        }

        // The counter of each encryption is written out by the callers: it starts at 0 after each MixKey.
        private byte[] EncryptAndHash(ulong counter, byte[] plaintext)
        {
            var ciphertext = Cipher(true, _k, counter, Hash, plaintext);
            MixHash(ciphertext);
            return ciphertext;
        }

        private byte[] DecryptAndHash(ulong counter, byte[] ciphertext)
        {
            var plaintext = Cipher(false, _k, counter, Hash, ciphertext);
            MixHash(ciphertext);
            return plaintext;
        }

        private static byte[] Cipher(bool encrypt, byte[] key, ulong counter, byte[] data, byte[] input)
        {
            var cipher = new AeadCipher();
            cipher.Init(encrypt, new AeadParameters(new KeyParameter(key), 128, [0, 0, 0, 0, .. BitConverter.GetBytes(counter)], data));
            var output = new byte[cipher.GetOutputSize(input.Length)];
            var length = cipher.ProcessBytes(input, 0, input.Length, output, 0);
            cipher.DoFinal(output, length);
            return output;
        }

        private static byte[] Dh(byte[] secret, byte[] point)
        {
            var shared = new byte[32];
            X25519.CalculateAgreement(secret, 0, point, 0, shared, 0).Should().BeTrue();
            return shared;
        }
    }
}
