using System.Net;
using Crust.Discovery.Lan;
using Crust.Identity;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Discovery;

/// <summary>Who is on the LAN, on a virtual clock.</summary>
public sealed class LanDirectoryTests : IDisposable
{
    private const ulong Noon = 1_700_000_000_000;

    private static readonly NetworkId Network = NetworkId.FromName("lan-tests");

    private static readonly LanPort[] Ports = [new(TransportKind.Tcp, 4000), new(TransportKind.Utp, 4001)];

    private static readonly IPAddress There = IPAddress.Parse("192.168.7.9"), Elsewhere = IPAddress.Parse("192.168.7.10");

    private readonly PeerIdentity _self = PeerIdentity.Create(), _other = PeerIdentity.Create();

    private readonly LanDirectory _directory;

    private Instant _now = new(5_000_000);

    public LanDirectoryTests() => _directory = new LanDirectory(_self, Network, Ports, new DeterministicRandom(1));

    public void Dispose()
    {
        _self.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void ANode_AsksAndAnnounces_AtOnce_SoonAgain_ThenEveryHalfMinute()
    {
        _directory.Start(_now);
        var sent = Run(TimeSpan.FromMinutes(10));

        sent[0].Kind.Should().Be(LanPacketKind.Query);
        var announced = sent.Where(s => s.Kind == LanPacketKind.Announce).Select(s => s.At.TotalSeconds).ToList();
        announced[..3].Should().Equal(0, 1, 4);
        announced.Skip(2).Zip(announced.Skip(3), (a, b) => b - a).Should().OnlyContain(gap => gap >= 23.9 && gap <= 36.1);
        sent.Where(s => s.Kind == LanPacketKind.Announce).Select(s => s.Packet.Sequence).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
    }

    [Fact]
    public void AQuery_IsAnsweredSoon_AndAFloodOfThemNotOften()
    {
        _directory.Start(_now);
        Run(TimeSpan.FromSeconds(10));

        _directory.Handle(LanPacket.Query(Network, _self.Id), There, _now);
        var answer = Run(TimeSpan.FromSeconds(1));
        answer.Should().ContainSingle().Which.At.Should().BeLessThan(LanLimits.AnswerDelay + TimeSpan.FromMilliseconds(1));

        var sent = Run(TimeSpan.FromSeconds(10), () => _directory.Handle(LanPacket.Query(Network, null), There, _now));
        sent.Count.Should().BeInRange(10, 41, "an answer each quarter of a second is the most");
    }

    [Fact]
    public void AQuery_ForSomebodyElse_IsNotAnswered()
    {
        _directory.Start(_now);
        Run(TimeSpan.FromSeconds(10));

        _directory.Handle(LanPacket.Query(Network, _other.Id), There, _now);

        Run(TimeSpan.FromSeconds(1)).Should().BeEmpty();
    }

    [Fact]
    public void AnAnnouncedPeer_IsKnownWithItsPorts_UntilNothingCameForLong()
    {
        Announce(1).Should().Be(_other.Id);

        _directory.AddressesOf(_other.Id, _now).Select(a => a.ToString()).Should().Equal($"tcp://192.168.7.9:4000/{_other.Id}", $"utp://192.168.7.9:4001/{_other.Id}");
        _directory.Peers(_now).Should().Equal(_other.Id);
        _now += LanLimits.Lifetime;
        _directory.AddressesOf(_other.Id, _now).Should().BeEmpty();
        _directory.Peers(_now).Should().BeEmpty();
    }

    [Fact]
    public void OneAnnouncement_FromTwoAddresses_GivesBoth_AndANewerOneCountsAlone()
    {
        Announce(1);
        Announce(1, Elsewhere).Should().Be(_other.Id, "there is another way to it");
        _directory.AddressesOf(_other.Id, _now).Should().HaveCount(4);

        Announce(2, Elsewhere).Should().BeNull("that is known");

        _directory.AddressesOf(_other.Id, _now).Should().HaveCount(2).And.OnlyContain(a => a.EndPoint.Address.Equals(Elsewhere));
    }

    [Fact]
    public void AReplay_OfAnOlderAnnouncement_ChangesNothing()
    {
        Announce(5);

        Announce(4, Elsewhere).Should().BeNull();

        _directory.AddressesOf(_other.Id, _now).Should().OnlyContain(a => a.EndPoint.Address.Equals(There));
    }

    [Fact]
    public void AHostWhoseClockWasSetBack_IsHeardAgain_OnceItsOldAnnouncementIsOver()
    {
        Announce(1_000_000);
        Announce(5).Should().BeNull();
        _now += LanLimits.Lifetime;

        Announce(6).Should().Be(_other.Id);
    }

    [Fact]
    public void AForgedAnnouncement_IsDropped()
    {
        var bytes = LanPacket.Announce(_other, Network, 1, Ports);
        bytes[^1] ^= 1;

        _directory.Handle(bytes, There, _now).Should().BeNull();

        _directory.Dropped.Should().Be(1);
        _directory.AddressesOf(_other.Id, _now).Should().BeEmpty();
    }

    [Fact]
    public void ALeave_CountsWhenItIsSigned_AndNotOlder()
    {
        Announce(5);
        var forged = LanPacket.Announce(_other, Network, 6, []);
        forged[^1] ^= 1;
        _directory.Handle(forged, There, _now);
        _directory.Handle(LanPacket.Announce(_other, Network, 4, []), There, _now);
        _directory.AddressesOf(_other.Id, _now).Should().NotBeEmpty();

        _directory.Handle(LanPacket.Announce(_other, Network, 6, []), There, _now);

        _directory.AddressesOf(_other.Id, _now).Should().BeEmpty();
    }

    [Fact]
    public void OurOwnAnnouncement_IsIgnored()
    {
        _directory.Handle(LanPacket.Announce(_self, Network, 9, Ports), There, _now).Should().BeNull();

        _directory.Peers(_now).Should().BeEmpty();
    }

    [Fact]
    public void WhoIsWanted_IsAskedForAgainAndAgain_UntilForgotten()
    {
        _directory.Want(_other.Id, _now).Should().BeTrue();
        Run(TimeSpan.FromSeconds(1)).Count(s => s.Kind == LanPacketKind.Query && s.Packet.Peer == _other.Id).Should().Be(4);
        _directory.Forget(_other.Id);

        Run(TimeSpan.FromSeconds(1)).Should().BeEmpty();
    }

    [Fact]
    public void AHostThatAnnouncesManyPeers_FillsNothing_AndWhoIsWantedIsStillFound()
    {
        for (var i = 0; i < 100; i++)
        {
            using var one = PeerIdentity.Create();
            _directory.Handle(LanPacket.Announce(one, Network, 1, Ports), There, _now);
            _now += TimeSpan.FromMilliseconds(20);
        }

        _directory.Peers(_now).Should().HaveCount(LanLimits.MaxPeersOfSource);
        _directory.Want(_other.Id, _now);
        Announce(1).Should().Be(_other.Id);
    }

    [Fact]
    public void ManyPeers_AreABoundedMemory_AndTheOneLongestUnseenGoes()
    {
        Announce(1);
        for (var i = 0; i < LanLimits.MaxPeers; i++)
        {
            using var one = PeerIdentity.Create();
            _now += TimeSpan.FromMilliseconds(20);
            _directory.Handle(LanPacket.Announce(one, Network, 1, Ports), new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), _now);
        }

        _directory.Peers(_now).Should().HaveCount(LanLimits.MaxPeers).And.NotContain(_other.Id);
    }

    [Fact]
    public void AFloodOfForgeries_CostsABoundedNumberOfSignatureChecks()
    {
        var bytes = LanPacket.Announce(_other, Network, 1, Ports);
        bytes[^1] ^= 1;
        for (var i = 0; i < 1000; i++)
            _directory.Handle(bytes, There, _now);

        Announce(1).Should().BeNull("the budget of this second is spent");
        _directory.Want(_other.Id, _now);
        Announce(1).Should().Be(_other.Id, "who is wanted has a budget of its own");
    }

    [Fact]
    public void Stop_TellsTheLan_IfItKnewOfTheNode()
    {
        _directory.Stop(Noon);
        _directory.PollTransmit(out _).Should().BeFalse("nobody was told of it");
        _directory.Start(_now);
        Run(TimeSpan.FromSeconds(1));

        _directory.Stop(Noon);

        _directory.PollTransmit(out var datagram).Should().BeTrue();
        LanPacket.TryRead(datagram, Network, out _, out var kind).Should().BeTrue();
        kind.Should().Be(LanPacketKind.Leave);
        _directory.PollTimeout().Should().BeNull();
    }

    private PeerId? Announce(ulong sequence, IPAddress? source = null) =>
        _directory.Handle(LanPacket.Announce(_other, Network, sequence, Ports), source ?? There, _now);

    /// <summary>Lets time pass, a millisecond at a step; what was sent, and after how long.</summary>
    private List<(TimeSpan At, LanPacketKind Kind, LanAnnouncement Packet)> Run(TimeSpan time, Action? each = null)
    {
        var sent = new List<(TimeSpan, LanPacketKind, LanAnnouncement)>();
        var start = _now;
        for (; _now - start < time; _now += TimeSpan.FromMilliseconds(1))
        {
            each?.Invoke();
            if (_directory.PollTimeout() <= _now)
                _directory.HandleTimeout(_now, Noon + (ulong)(_now - start).TotalMilliseconds);
            while (_directory.PollTransmit(out var datagram))
            {
                LanPacket.TryRead(datagram, Network, out var packet, out var kind).Should().BeTrue();
                if (kind != LanPacketKind.Query)
                    LanPacket.Verify(datagram, Network).Should().BeTrue();
                sent.Add((_now - start, kind, packet));
            }
        }

        return sent;
    }
}
