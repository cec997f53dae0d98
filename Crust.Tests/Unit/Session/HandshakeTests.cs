using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Handshakes;
using Crust.Session.Records;
using CsCheck;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public sealed class HandshakeTests
{
    private static readonly PeerIdentity Alice = PeerIdentity.FromSeed(Bytes(1, 32));
    private static readonly PeerIdentity Bob = PeerIdentity.FromSeed(Bytes(2, 32));
    private static readonly PeerIdentity Carol = PeerIdentity.FromSeed(Bytes(3, 32));
    private static readonly NetworkId Network = NetworkId.FromName("test");
    private static readonly SessionNonce AliceNonce = SessionNonce.FromBytes(Bytes(4, 16)), BobNonce = SessionNonce.FromBytes(Bytes(5, 16));

    private static readonly HandshakeOffer Offer =
        new(Alice.Id, 0, AliceNonce, BobNonce, HandshakeFeatures.SignsWhatItSends, new ProcessEpoch(7), [RecordSuite.Aegis256, RecordSuite.ChaCha20Poly1305]);

    private static readonly HandshakeReply Reply = new(0, BobNonce, AliceNonce, HandshakeFeatures.None, new ProcessEpoch(9), 77, RecordSuite.Aegis256);

    [Fact]
    public void BothSides_AgreeOnEverything()
    {
        var cache = new AgreementKeyCache();
        for (var round = 0; round < 2; round++)
        {
            using var initiator = new InitiatorHandshake(Alice, Bob.Id, Network, Offer, Randomness(10), cache);
            using var responder = new ResponderHandshake(Bob, Network, Randomness(11), cache);
            responder.TryReadMessage1(Message1(initiator), out var offer).Should().BeTrue();
            offer.Should().BeEquivalentTo(Offer);
            var message2 = new byte[RecordHeader.MaxHandshakeLength];
            responder.TryWriteMessage2(Reply, message2, out var length, out var bob).Should().BeTrue();
            initiator.TryReadMessage2(message2.AsSpan(0, length), out var alice).Should().BeTrue();
            alice!.Should().BeEquivalentTo(new
            {
                Remote = Bob.Id, IsInitiator = true, Suite = RecordSuite.Aegis256, bob!.SaltSecret, bob.SessionId, OwnNonce = AliceNonce, RemoteNonce = BobNonce,
                RemoteKnownNonce = (SessionNonce?)AliceNonce, RemoteEpoch = new ProcessEpoch(9), SendSigned = true, ReceiveSigned = false, PromisedGeneration = 77u,
            });
            bob.Should().BeEquivalentTo(new
            {
                Remote = Alice.Id, IsInitiator = false, Suite = RecordSuite.Aegis256, OwnNonce = BobNonce, RemoteNonce = AliceNonce,
                RemoteKnownNonce = (SessionNonce?)BobNonce, RemoteEpoch = new ProcessEpoch(7), SendSigned = false, ReceiveSigned = true, PromisedGeneration = 77u,
            });
            alice!.SendKey.Should().Equal(bob.ReceiveKey).And.NotEqual(alice.ReceiveKey);
            alice.ReceiveKey.Should().Equal(bob.SendKey);
            var (exported, other, different) = (new byte[32], new byte[32], new byte[32]);
            alice.Export("checks"u8, exported);
            bob.Export("checks"u8, other);
            alice.Export("else"u8, different);
            exported.Should().Equal(other).And.NotEqual(different).And.NotEqual(alice.SaltSecret);
            CheckRecords(alice, bob);
            alice.Dispose();
            alice.SendKey.Concat(alice.ReceiveKey).Concat(alice.SaltSecret).Should().AllBeEquivalentTo(0);
        }
    }

    [Theory]
    [InlineData(0, 0, false, false)]
    [InlineData(1, 0, true, false)]
    [InlineData(0, 1, false, true)]
    [InlineData(2, 0, false, true)]
    [InlineData(0, 2, true, false)]
    [InlineData(1, 2, true, false)]
    [InlineData(3, 0, true, true)]
    [InlineData(0x80000000, 0x80000000, false, false)]
    public void ADirection_IsSigned_IfItsSenderSignsOrItsReceiverRequires(uint own, uint other, bool send, bool receive)
    {
        var (alice, bob) = Complete(Offer with { Features = (HandshakeFeatures)own }, Reply with { Features = (HandshakeFeatures)other });
        (alice!.SendSigned, alice.ReceiveSigned).Should().Be((send, receive));
        (bob!.SendSigned, bob.ReceiveSigned).Should().Be((receive, send));
    }

    [Fact]
    public void Messages_HaveTheDocumentedLengths()
    {
        using var initiator = new InitiatorHandshake(Alice, Bob.Id, Network, Offer with { KnownNonce = null }, Randomness(10));
        using var responder = new ResponderHandshake(Bob, Network, Randomness(11));
        var message1 = Message1(initiator);
        message1.Should().HaveCount(1296 + 1 + 32 + 16 + 1 + 4 + 8 + 1 + 2);
        responder.TryReadMessage1(message1, out _).Should().BeTrue();
        responder.TryWriteMessage2(Reply with { KnownNonce = null }, new byte[4096], out var length, out _).Should().BeTrue();
        length.Should().Be(1152 + 1 + 16 + 1 + 4 + 8 + 4 + 1);
    }

    [Fact]
    public void Responder_FailsCleanly_WhenAnyByteOfMessage1IsChanged()
    {
        using var initiator = new InitiatorHandshake(Alice, Bob.Id, Network, Offer, Randomness(10));
        var message1 = Message1(initiator);
        for (var i = 0; i < message1.Length; i++)
        {
            message1[i] ^= 0x20;
            using var responder = new ResponderHandshake(Bob, Network, Randomness(11));
            responder.TryReadMessage1(message1, out var offer).Should().BeFalse("byte {0} was changed", i);
            offer.Should().BeNull();
            responder.TryReadMessage1(message1, out _).Should().BeFalse("it is dead");
            message1[i] ^= 0x20;
        }
    }

    [Fact]
    public void Initiator_FailsCleanly_WhenAnyByteOfMessage2IsChanged()
    {
        var message2 = Exchange(out var genuine);
        using (genuine)
            genuine.TryReadMessage2(message2, out _).Should().BeTrue("unchanged it is genuine");
        for (var i = 0; i < message2.Length; i++)
        {
            message2[i] ^= 0x20;
            using var initiator = new InitiatorHandshake(Alice, Bob.Id, Network, Offer, Randomness(10));
            _ = Message1(initiator);
            initiator.TryReadMessage2(message2, out var result).Should().BeFalse("byte {0} was changed", i);
            result.Should().BeNull();
            message2[i] ^= 0x20;
            initiator.TryReadMessage2(message2, out _).Should().BeFalse("it is dead");
        }
    }

    [Fact]
    public void EveryTruncationAndExtension_IsRefused()
    {
        using var first = new InitiatorHandshake(Alice, Bob.Id, Network, Offer, Randomness(10));
        var message1 = Message1(first);
        var message2 = Exchange(out var unused);
        unused.Dispose();
        for (var length = 0; length <= message1.Length + 1; length++)
        {
            if (length == message1.Length)
                continue;
            using var responder = new ResponderHandshake(Bob, Network, Randomness(11));
            responder.TryReadMessage1(Resize(message1, length), out _).Should().BeFalse("it has {0} bytes", length);
        }

        for (var length = 0; length <= message2.Length + 1; length += length < 1100 ? 7 : 1)
        {
            if (length == message2.Length)
                continue;
            using var initiator = new InitiatorHandshake(Alice, Bob.Id, Network, Offer, Randomness(10));
            _ = Message1(initiator);
            initiator.TryReadMessage2(Resize(message2, length), out _).Should().BeFalse("it has {0} bytes", length);
        }

        using var oversized = new ResponderHandshake(Bob, Network, Randomness(11));
        oversized.TryReadMessage1(new byte[RecordHeader.MaxHandshakeLength + 1], out _).Should().BeFalse();
    }

    [Fact]
    public void TwoNetworks_NeverShakeHands()
    {
        using var initiator = new InitiatorHandshake(Alice, Bob.Id, NetworkId.FromName("other"), Offer, Randomness(10));
        using var responder = new ResponderHandshake(Bob, Network, Randomness(11));
        responder.TryReadMessage1(Message1(initiator), out _).Should().BeFalse();
    }

    [Fact]
    public void Responder_RefusesAMessageForAnother()
    {
        using var initiator = new InitiatorHandshake(Alice, Carol.Id, Network, Offer, Randomness(10));
        using var responder = new ResponderHandshake(Bob, Network, Randomness(11));
        responder.TryReadMessage1(Message1(initiator), out _).Should().BeFalse();
    }

    /// <summary>The id with the other sign has the same X25519 form: only the prologue tells them apart.</summary>
    [Fact]
    public void Responder_RefusesAMessageForItsIdWithTheOtherSign()
    {
        var bytes = Bob.Id.ToByteArray();
        bytes[31] ^= 0x80;
        PeerId.TryFromBytes(bytes, out var negated).Should().BeTrue();
        using var initiator = new InitiatorHandshake(Alice, negated, Network, Offer, Randomness(10));
        using var responder = new ResponderHandshake(Bob, Network, Randomness(11));
        responder.TryReadMessage1(Message1(initiator), out _).Should().BeFalse();
    }

    [Fact]
    public void Responder_RefusesAnInitiatorThatClaimsAnothersId()
    {
        // Alice's keys, Carol's name: what InitiatorHandshake refuses to write.
        byte[] prologue = HandshakePrologue.Build(Network, Bob.Id);
        using var randomness = Randomness(10);
        using var state = new Crust.Noise.HandshakeState(Crust.Noise.HandshakePattern.IKhfs, isInitiator: true, prologue, new Crust.Noise.HandshakeKeys
        {
            StaticSecret = Alice.AgreementSecret, RemoteStatic = Bob.AgreementPublic, EphemeralSecret = randomness.EphemeralSecret, KemSeed = randomness.KemSeed,
        });
        var (payload, message) = (new byte[HandshakePayload.MaxLength], new byte[RecordHeader.MaxHandshakeLength]);
        var payloadLength = HandshakePayload.Write(Offer with { Initiator = Carol.Id }, payload);
        state.TryWriteMessage(payload.AsSpan(0, payloadLength), message, out var length).Should().BeTrue();
        using var responder = new ResponderHandshake(Bob, Network, Randomness(11));
        responder.TryReadMessage1(message.AsSpan(0, length), out _).Should().BeFalse();
        FluentActions.Invoking(() => new InitiatorHandshake(Alice, Bob.Id, Network, Offer with { Initiator = Carol.Id }, Randomness(10))).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void AnotherResponder_CannotAnswer()
    {
        using var initiator = new InitiatorHandshake(Alice, Bob.Id, Network, Offer, Randomness(10));
        _ = Message1(initiator);
        using var toCarol = new InitiatorHandshake(Alice, Carol.Id, Network, Offer, Randomness(10));
        using var carol = new ResponderHandshake(Carol, Network, Randomness(11));
        carol.TryReadMessage1(Message1(toCarol), out _).Should().BeTrue();
        var message2 = new byte[RecordHeader.MaxHandshakeLength];
        carol.TryWriteMessage2(Reply, message2, out var length, out _).Should().BeTrue();
        initiator.TryReadMessage2(message2.AsSpan(0, length), out _).Should().BeFalse();
    }

    [Fact]
    public void AReplayedMessage1_IsReadButGivesTheReplayerNothing()
    {
        using var initiator = new InitiatorHandshake(Alice, Bob.Id, Network, Offer, Randomness(10));
        var message1 = Message1(initiator);
        var results = new List<HandshakeResult>();
        foreach (var draw in new byte[] { 11, 12 })
        {
            using var responder = new ResponderHandshake(Bob, Network, Randomness(draw));
            responder.TryReadMessage1(message1, out _).Should().BeTrue();
            responder.TryWriteMessage2(Reply, new byte[4096], out _, out var result).Should().BeTrue();
            results.Add(result!);
        }

        // The responder's own randomness is in the keys: records of the first link open nowhere else.
        results[0].ReceiveKey.Should().NotEqual(results[1].ReceiveKey);
        results[0].SendKey.Should().NotEqual(results[1].SendKey);
    }

    [Fact]
    public void AReplayedMessage2_IsRefusedByANewHandshake()
    {
        var message2 = Exchange(out var first);
        first.Dispose();
        using var initiator = new InitiatorHandshake(Alice, Bob.Id, Network, Offer, Randomness(13));
        _ = Message1(initiator);
        initiator.TryReadMessage2(message2, out _).Should().BeFalse();
    }

    [Fact]
    public void MessagesOfTheOtherDirection_AreRefused()
    {
        var message2 = Exchange(out var initiator);
        using var responder = new ResponderHandshake(Bob, Network, Randomness(11));
        responder.TryReadMessage1(message2, out _).Should().BeFalse();
        using (initiator)
            initiator.TryReadMessage2(Message1(new InitiatorHandshake(Alice, Bob.Id, Network, Offer, Randomness(10))), out _).Should().BeFalse();
    }

    [Fact]
    public void ASuiteThatWasNotOffered_IsAFailureAtTheInitiator_AndABugAtTheResponder()
    {
        // The responder's reply is checked against the offer it read; the initiator checks against the one it made. They can only differ when the
        // responder lies: a state with the same message 1 stands for it.
        using var randomness = Randomness(11);
        using var liar = new Crust.Noise.HandshakeState(Crust.Noise.HandshakePattern.IKhfs, isInitiator: false, HandshakePrologue.Build(Network, Bob.Id), new Crust.Noise.HandshakeKeys
        {
            StaticSecret = Bob.AgreementSecret, EphemeralSecret = randomness.EphemeralSecret, KemCoins = randomness.KemCoins,
        });
        using var initiator = new InitiatorHandshake(Alice, Bob.Id, Network, Offer, Randomness(10));
        liar.TryReadMessage(Message1(initiator), new byte[4096], out _).Should().BeTrue();
        var (payload, message) = (new byte[HandshakePayload.MaxLength], new byte[RecordHeader.MaxHandshakeLength]);
        var payloadLength = HandshakePayload.Write(Reply with { Suite = RecordSuite.Aegis128L }, payload);
        liar.TryWriteMessage(payload.AsSpan(0, payloadLength), message, out var length).Should().BeTrue();
        initiator.TryReadMessage2(message.AsSpan(0, length), out _).Should().BeFalse();

        using var other = new InitiatorHandshake(Alice, Bob.Id, Network, Offer, Randomness(10));
        using var responder = new ResponderHandshake(Bob, Network, Randomness(11));
        responder.TryReadMessage1(Message1(other), out _).Should().BeTrue();
        responder.Invoking(r => r.TryWriteMessage2(Reply with { Suite = RecordSuite.Aegis128L }, new byte[4096], out _, out _)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Garbage_NeverThrows() => Gen.Byte.Array[0, 1500].Sample(bytes =>
    {
        using var initiator = new InitiatorHandshake(Alice, Bob.Id, Network, Offer, Randomness(10));
        using var responder = new ResponderHandshake(Bob, Network, Randomness(11));
        _ = Message1(initiator);
        return !responder.TryReadMessage1(bytes, out _) && !initiator.TryReadMessage2(bytes, out _);
    }, iter: 300);

    [Fact]
    public void APeer_DoesNotShakeHandsWithItself() =>
        FluentActions.Invoking(() => new InitiatorHandshake(Alice, Alice.Id, Network, Offer, Randomness(10))).Should().Throw<ArgumentException>();

    [Fact]
    public void SessionId_IsTheSameFromBothSides_AndChangesWithEveryPart()
    {
        var id = SessionId.Compute(Alice.Id, AliceNonce, Bob.Id, BobNonce);
        SessionId.Compute(Bob.Id, BobNonce, Alice.Id, AliceNonce).Should().Be(id);
        SessionId.Compute(Alice.Id, BobNonce, Bob.Id, AliceNonce).Should().NotBe(id);
        SessionId.Compute(Alice.Id, AliceNonce, Carol.Id, BobNonce).Should().NotBe(id);
        var (low, high) = Alice.Id < Bob.Id ? ((Alice.Id, AliceNonce), (Bob.Id, BobNonce)) : ((Bob.Id, BobNonce), (Alice.Id, AliceNonce));
        byte[] input = [.. "crust session v1"u8, .. low.Id.ToByteArray(), .. low.Item2.ToByteArray(), .. high.Id.ToByteArray(), .. high.Item2.ToByteArray()];
        id.ToByteArray().Should().Equal(Crust.Cryptography.Blake3.Hash(input));
    }

    [Fact]
    public void AgreementKeyCache_ForgetsRatherThanGrows_AndRefusesInvalidIds()
    {
        var cache = new AgreementKeyCache();
        var (cached, fresh) = (new byte[32], new byte[32]);
        for (var i = 0; i < 2 * AgreementKeyCache.Capacity; i++)
        {
            using var peer = PeerIdentity.FromSeed(Bytes(i % 256, 32 - i / 256).Concat(new byte[i / 256]).ToArray());
            for (var again = 0; again < 2; again++)
            {
                cache.TryConvert(peer.Id, cached).Should().BeTrue();
                AgreementKeyCache.TryConvertUncached(peer.Id, fresh).Should().BeTrue();
                cached.Should().Equal(fresh).And.Equal(peer.AgreementPublic.ToArray());
            }
        }

        cache.TryConvert(default, cached).Should().BeFalse();
    }

    private static (HandshakeResult? Initiator, HandshakeResult? Responder) Complete(HandshakeOffer offer, HandshakeReply reply)
    {
        using var initiator = new InitiatorHandshake(Alice, Bob.Id, Network, offer, Randomness(10));
        using var responder = new ResponderHandshake(Bob, Network, Randomness(11));
        responder.TryReadMessage1(Message1(initiator), out _).Should().BeTrue();
        var message2 = new byte[RecordHeader.MaxHandshakeLength];
        responder.TryWriteMessage2(reply, message2, out var length, out var bob).Should().BeTrue();
        initiator.TryReadMessage2(message2.AsSpan(0, length), out var alice).Should().BeTrue();
        return (alice, bob);
    }

    private static byte[] Exchange(out InitiatorHandshake initiator)
    {
        initiator = new InitiatorHandshake(Alice, Bob.Id, Network, Offer, Randomness(10));
        using var responder = new ResponderHandshake(Bob, Network, Randomness(11));
        responder.TryReadMessage1(Message1(initiator), out _).Should().BeTrue();
        var message2 = new byte[RecordHeader.MaxHandshakeLength];
        responder.TryWriteMessage2(Reply, message2, out var length, out _).Should().BeTrue();
        return message2[..length];
    }

    private static void CheckRecords(HandshakeResult alice, HandshakeResult bob)
    {
        var now = new Instant(0);
        foreach (var (from, to) in new[] { (alice, bob), (bob, alice) })
        {
            using var sealer = new RecordSealer(from.Suite, from.SendKey, now);
            using var opener = new RecordOpener(to.Suite, to.ReceiveKey);
            var unit = new byte[5 + RecordSealer.Overhead(from.Suite)];
            sealer.Seal("hello"u8, unit, now);
            RecordHeader.TryRead(unit, out var header).Should().BeTrue();
            var plaintext = new byte[5];
            opener.TryOpen(header, unit.AsSpan(RecordHeader.Length), plaintext, out _).Should().BeTrue();
            plaintext.Should().Equal("hello"u8.ToArray());
        }
    }

    private static byte[] Message1(InitiatorHandshake initiator)
    {
        var message = new byte[RecordHeader.MaxHandshakeLength];
        return message[..initiator.WriteMessage1(message)];
    }

    private static byte[] Resize(byte[] message, int length)
    {
        Array.Resize(ref message, length);
        return message;
    }

    private static HandshakeRandomness Randomness(byte fill) => HandshakeRandomness.FromBytes(Bytes(fill, HandshakeRandomness.Length));

    private static byte[] Bytes(int fill, int length) => [.. Enumerable.Range(0, length).Select(i => (byte)((fill + i) & 0xFF))];
}
