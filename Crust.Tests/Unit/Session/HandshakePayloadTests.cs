using System.Collections.Immutable;
using Crust.Identity;
using Crust.Session.Handshakes;
using Crust.Session.Records;
using CsCheck;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public sealed class HandshakePayloadTests
{
    private static readonly PeerId Peer = PeerIdentity.FromSeed(new byte[32]).Id;
    private static readonly Gen<SessionNonce> Nonce = Gen.Byte.Array[16].Select(b => SessionNonce.FromBytes(b));
    private static readonly Gen<SessionNonce?> KnownNonce = Gen.Bool.SelectMany(known => known ? Nonce.Select(n => (SessionNonce?)n) : Gen.Const((SessionNonce?)null));

    private static readonly Gen<HandshakeOffer> Offer = Gen.Select(Gen.Byte, Nonce, KnownNonce, Gen.UInt, Gen.ULong, Gen.Byte.Array[1, 16]).Select((minor, nonce, known, features, epoch, suites) =>
        new HandshakeOffer(Peer, minor, nonce, known, (HandshakeFeatures)features, new ProcessEpoch(epoch), [.. suites.Select(s => (RecordSuite)s)]));

    private static readonly Gen<HandshakeReply> Reply = Gen.Select(Gen.Byte, Nonce, KnownNonce, Gen.UInt, Gen.ULong, Gen.UInt, Gen.Byte[1, 3]).Select((minor, nonce, known, features, epoch, generation, suite) =>
        new HandshakeReply(minor, nonce, known, (HandshakeFeatures)features, new ProcessEpoch(epoch), generation, (RecordSuite)suite));

    [Fact]
    public void Offer_RoundTrips_WithAndWithoutExtensions() => Gen.Select(Offer, Gen.Byte.Array[0, 256]).Sample((offer, extensions) =>
    {
        byte[] bytes = [.. Write(offer), .. extensions];
        return HandshakePayload.TryRead(bytes, out HandshakeOffer? read) && Same(offer, read!);
    });

    [Fact]
    public void Reply_RoundTrips_WithAndWithoutExtensions() => Gen.Select(Reply, Gen.Byte.Array[0, 256]).Sample((reply, extensions) =>
        HandshakePayload.TryRead([.. Write(reply), .. extensions], out HandshakeReply? read) && read == reply);

    [Fact]
    public void Truncations_AreRefused() => Gen.Select(Offer, Reply).Sample((offer, reply) =>
    {
        var (first, second) = (Write(offer), Write(reply));
        return Enumerable.Range(0, first.Length).All(n => !HandshakePayload.TryRead(first.AsSpan(0, n), out HandshakeOffer? _))
            && Enumerable.Range(0, second.Length).All(n => !HandshakePayload.TryRead(second.AsSpan(0, n), out HandshakeReply? _));
    }, iter: 50);

    [Fact]
    public void Extensions_HaveABound()
    {
        var offer = new HandshakeOffer(Peer, 0, default, null, 0, default, [RecordSuite.Aegis256]);
        var reply = new HandshakeReply(0, default, null, 0, default, 0, RecordSuite.Aegis256);
        HandshakePayload.TryRead([.. Write(offer), .. new byte[257]], out HandshakeOffer? _).Should().BeFalse();
        HandshakePayload.TryRead([.. Write(reply), .. new byte[257]], out HandshakeReply? _).Should().BeFalse();
    }

    [Fact]
    public void Garbage_NeverThrows() => Gen.Byte.Array[0, 400].Sample(bytes =>
    {
        _ = HandshakePayload.TryRead(bytes, out HandshakeOffer? _);
        _ = HandshakePayload.TryRead(bytes, out HandshakeReply? _);
    });

    [Fact]
    public void MalformedFields_AreRefused()
    {
        var offer = Write(new HandshakeOffer(Peer, 0, default, null, 0, default, [RecordSuite.Aegis256]));
        Changed(offer, 1 + 32 + 16, 2).Should().BeFalse("a flag is 0 or 1");
        Changed(offer, 1 + 32 + 16 + 1 + 4 + 8, 0).Should().BeFalse("an offer has a suite");
        Changed(offer, 1 + 32 + 16 + 1 + 4 + 8, 17).Should().BeFalse("an offer has at most 16");
        byte[] smallOrder = [.. offer[..1], 1, .. new byte[31], .. offer[33..]];
        HandshakePayload.TryRead(smallOrder, out HandshakeOffer? _).Should().BeFalse("the id is no peer's");
        var reply = Write(new HandshakeReply(0, default, null, 0, default, 0, RecordSuite.Aegis256));
        foreach (byte suite in new byte[] { 0, 5, 255 })
        {
            reply[^1] = suite;
            HandshakePayload.TryRead(reply, out HandshakeReply? _).Should().BeFalse("suite {0} is unknown", suite);
        }

        FluentActions.Invoking(() => Write(new HandshakeOffer(Peer, 0, default, null, 0, default, []))).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Write(new HandshakeOffer(Peer, 0, default, null, 0, default, [.. new RecordSuite[17]]))).Should().Throw<ArgumentException>();
    }

    private static bool Changed(byte[] offer, int index, byte value)
    {
        byte[] changed = [.. offer, .. new byte[20]];
        HandshakePayload.TryRead(changed, out HandshakeOffer? _).Should().BeTrue();
        changed[index] = value;
        return HandshakePayload.TryRead(changed, out HandshakeOffer? _);
    }

    private static bool Same(HandshakeOffer left, HandshakeOffer right) =>
        left with { Suites = ImmutableArray<RecordSuite>.Empty } == right with { Suites = ImmutableArray<RecordSuite>.Empty } && left.Suites.SequenceEqual(right.Suites);

    private static byte[] Write(HandshakeOffer offer)
    {
        var buffer = new byte[HandshakePayload.MaxLength];
        return buffer[..HandshakePayload.Write(offer, buffer)];
    }

    private static byte[] Write(HandshakeReply reply)
    {
        var buffer = new byte[HandshakePayload.MaxLength];
        return buffer[..HandshakePayload.Write(reply, buffer)];
    }
}
