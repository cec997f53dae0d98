using System.Collections.Immutable;
using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Admission;
using Crust.Session.Handshakes;
using Crust.Session.Links;
using Crust.Session.Records;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Admission;

/// <summary>Which link joins which session, by what both ends say in real handshakes.</summary>
public sealed class PeerSessionsTests
{
    private static readonly NetworkId Network = NetworkId.FromName("test");
    private static readonly PeerIdentity Self = PeerIdentity.FromSeed(Enumerable.Repeat((byte)1, 32).ToArray());
    private static readonly PeerIdentity Peer = PeerIdentity.FromSeed(Enumerable.Repeat((byte)2, 32).ToArray());

    private readonly PeerSessions<object> _peers;
    private byte _lastNonce;

    public PeerSessionsTests() => _peers = new PeerSessions<object>(Self.Id, 4, () => Nonce(++_lastNonce));

    [Fact]
    public void LinksOfOneNonce_AreOneSession()
    {
        var first = Handshake(Nonce(100));
        var second = Handshake(Nonce(100));
        _peers.Judge(first, Silence, out _).Should().Be(LinkVerdict.Begin);
        _peers.Opened(first, new object());
        _peers.Judge(second, Silence, out _).Should().Be(LinkVerdict.Join);
        second.SessionId.Should().Be(first.SessionId);
    }

    [Fact]
    public void AnotherNonce_MeansThatThePeerBeganAnew()
    {
        Begin(Nonce(100));
        _peers.Judge(Handshake(Nonce(101)), Silence, out _).Should().Be(LinkVerdict.Begin);
    }

    [Fact]
    public void ASession_NeverBeginsAgain_WhenALateHandshakeNamesIt()
    {
        // Used to begin it again, with numbers and statements that had been used: the proof of an equivocation that nobody committed.
        var late = Handshake(Nonce(100));
        Begin(Nonce(100));
        Begin(Nonce(101));
        _peers.Judge(late, Silence, out _).Should().Be(LinkVerdict.Surplus);
    }

    [Fact]
    public void AConfirmationThatWasLongUnderWay_DoesNotEndWhatBeganMeanwhile()
    {
        // Used to end the open session: the peer had given up what it began with the first link, and begun another.
        var late = Handshake(Nonce(100));
        Begin(Nonce(101));
        _peers.Judge(late, Silence, out _).Should().Be(LinkVerdict.Surplus);
        _peers.Judge(Handshake(Nonce(100)), Silence, out _).Should().Be(LinkVerdict.Begin);
    }

    [Fact]
    public void OurNonce_IsAnother_AfterTheEnd()
    {
        var late = Handshake(Nonce(100));
        var session = Begin(Nonce(100));
        _peers.MayConfirm(late).Should().BeTrue();
        _peers.Closed(Peer.Id, session);
        _peers.MayConfirm(late).Should().BeFalse("the remote would take it for a process that began anew");
        _peers.Judge(late, Silence, out _).Should().Be(LinkVerdict.Surplus);
        _peers.Judge(Handshake(Nonce(100)), Silence, out _).Should().Be(LinkVerdict.Begin);
    }

    [Fact]
    public void APeerThatRestartsWithoutEnd_IsRememberedWithinABound()
    {
        for (byte i = 0; i < PeerSlot<object>.MaxBegun; i++)
            Begin(Nonce((byte)(100 + i)));
        var worn = Handshake(Nonce(200));
        _peers.Judge(worn, Silence, out _).Should().Be(LinkVerdict.Renew);
        _peers.Closed(Peer.Id, _peers.Find(Peer.Id)!);
        _peers.Judge(worn, Silence, out _).Should().Be(LinkVerdict.Surplus);
        _peers.Judge(Handshake(Nonce(200)), Silence, out _).Should().Be(LinkVerdict.Begin);
    }

    [Fact]
    public void APeer_IsForgotten_WhenNothingIsLeftOfIt()
    {
        _peers.BeginHandshake(Peer.Id).Should().NotBeNull();
        _peers.Count.Should().Be(1);
        _peers.EndHandshake(Peer.Id);
        _peers.Count.Should().Be(0);
    }

    [Fact]
    public void ALinkLostBeforeItsConfirmationCame_DoesNotCostTheSessionThatThePeerHas()
    {
        // Used to draw another nonce, as nothing was left of the peer: its next link came from "a peer that began anew", and its session ended.
        var lost = Handshake(Nonce(100));
        var promised = _peers.Promise(Peer.Id, Nonce(100), LinkRank.Direct, _ => 0);
        _peers.EndHandshake(Peer.Id);
        var next = Handshake(Nonce(100));
        next.SessionId.Should().Be(lost.SessionId);
        _peers.Judge(next, Silence, out _).Should().Be(LinkVerdict.Begin);
        if (Self.Id < Peer.Id)
            _peers.Promise(Peer.Id, Nonce(100), LinkRank.Direct, _ => 0).Should().BeGreaterThan(promised);
    }

    [Fact]
    public void PeersOfWhichNothingCame_AreRememberedWithinABound()
    {
        var drawn = 0;
        var peers = new PeerSessions<object>(Self.Id, 4, () => new SessionNonce((UInt128)(++drawn)));
        var first = peers.BeginHandshake(Peer.Id)!.Own;
        peers.EndHandshake(Peer.Id);
        for (var i = 0; i < PeerSessions<object>.MaxUnconfirmed; i++)
        {
            var seed = new byte[PeerIdentity.SeedLength];
            BitConverter.TryWriteBytes(seed, i + 1000);
            var other = PeerIdentity.FromSeed(seed).Id;
            peers.BeginHandshake(other)!.Own.Should().NotBe(first);
            peers.EndHandshake(other);
        }

        peers.Count.Should().Be(0);
        peers.BeginHandshake(Peer.Id)!.Own.Should().NotBe(first);
    }

    [Fact]
    public void PeersAreBounded()
    {
        for (byte i = 10; i < 14; i++)
            _peers.BeginHandshake(PeerIdentity.FromSeed(Enumerable.Repeat(i, 32).ToArray()).Id).Should().NotBeNull();
        _peers.BeginHandshake(Peer.Id).Should().BeNull();
    }

    [Fact]
    public void OnlyTheLowerId_Promises()
    {
        var other = new PeerSessions<object>(Peer.Id, 4, () => Nonce(1));
        _peers.BeginHandshake(Peer.Id);
        other.BeginHandshake(Self.Id);
        var (lower, higher) = Self.Id < Peer.Id ? (_peers, other) : (other, _peers);
        var (lowerId, higherId) = Self.Id < Peer.Id ? (Self.Id, Peer.Id) : (Peer.Id, Self.Id);
        lower.Promise(higherId, Nonce(100), LinkRank.Direct, _ => 0).Should().Be(1);
        lower.Promise(higherId, Nonce(100), LinkRank.Direct, _ => 0).Should().Be(2);
        higher.Promise(lowerId, Nonce(100), LinkRank.Direct, _ => 5).Should().Be(0);
    }

    [Fact]
    public void AWorseLink_IsPromisedNothing_WhileABetterOneIsAboutToStand()
    {
        // Both handshakes are under way and there is no session yet: used to promise the circuit the higher generation, so that it took the session from the direct link, which was then given up.
        var other = new PeerSessions<object>(Peer.Id, 4, () => Nonce(1));
        _peers.BeginHandshake(Peer.Id);
        other.BeginHandshake(Self.Id);
        var (lower, remote) = Self.Id < Peer.Id ? (_peers, Peer.Id) : (other, Self.Id);
        lower.Promise(remote, Nonce(100), LinkRank.Relayed, _ => 0).Should().Be(1);
        lower.Promise(remote, Nonce(100), LinkRank.Direct, _ => 0).Should().Be(2);
        lower.Promise(remote, Nonce(100), LinkRank.Relayed, _ => 0).Should().Be(0);
        lower.Promise(remote, Nonce(100), LinkRank.Direct, _ => 0).Should().Be(3);
    }

    private static TimeSpan Silence(object session) => TimeSpan.Zero;

    private static SessionNonce Nonce(byte value) => new(new Bits128(0, value));

    private object Begin(SessionNonce remote)
    {
        var result = Handshake(remote);
        _peers.Judge(result, Silence, out _).Should().Be(LinkVerdict.Begin);
        var session = new object();
        _peers.Opened(result, session);
        return session;
    }

    /// <summary>What a handshake that the peer began gives us.</summary>
    private HandshakeResult Handshake(SessionNonce remote)
    {
        var nonces = _peers.BeginHandshake(Peer.Id)!;
        ImmutableArray<RecordSuite> suites = [RecordSuite.ChaCha20Poly1305];
        var offer = new HandshakeOffer(Peer.Id, 0, remote, null, HandshakeFeatures.None, default, suites);
        using var initiator = new InitiatorHandshake(Peer, Self.Id, Network, offer, HandshakeRandomness.Draw());
        using var responder = new ResponderHandshake(Self, Network, HandshakeRandomness.Draw());
        var message = new byte[RecordHeader.MaxHandshakeLength];
        responder.TryReadMessage1(message.AsSpan(0, initiator.WriteMessage1(message)), out _).Should().BeTrue();
        var reply = new HandshakeReply(0, nonces.Own, nonces.KnownRemote, HandshakeFeatures.None, default, 0, suites[0]);
        responder.TryWriteMessage2(reply, message, out _, out var result).Should().BeTrue();
        return result!;
    }
}
