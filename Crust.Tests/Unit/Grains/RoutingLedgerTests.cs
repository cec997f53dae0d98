using Crust.Grains.Abstractions;
using Crust.Grains.Routing;
using Crust.Identity;
using Crust.Tests.Cluster;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Grains;

public sealed class RoutingLedgerTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly ulong GatewayEpoch = (ulong)(Now - TimeSpan.FromDays(30)).ToUnixTimeMilliseconds();

    private readonly TestPeer _peer = new();
    private readonly TestPeer _first = new();
    private readonly TestPeer _second = new();
    private readonly List<Superseded> _losers = [];
    private readonly RoutingLedger _ledger;

    public RoutingLedgerTests() => _ledger = new RoutingLedger(TestPeer.Network, _peer.Zone);

    public void Dispose()
    {
        _peer.Dispose();
        _first.Dispose();
        _second.Dispose();
    }

    [Fact]
    public void Announce_MakesThePeerFound_WithItsOwnStatement()
    {
        Announce(_first, 5).Should().Be(new AnnounceOutcome(AnnounceResult.Accepted, 5));
        var presence = _ledger.Find(_peer.Id)!;
        presence.Gateway.Should().Be(_first.Id);
        Attachment.TryVerify(presence.SignedAttachment, TestPeer.Network, out var attachment).Should().BeTrue();
        attachment!.Peer.Should().Be(_peer.Id);
    }

    [Fact]
    public void Find_GivesThePeersStatementBackToTheByte()
    {
        var signed = _peer.Attach(_first.Id, 5, Now);
        _ledger.Hear(_first.Id, GatewayEpoch, Now);
        _ledger.Announce(_first.Id, new PeerAnnouncement(signed, 9), Now, _losers);
        _ledger.Find(_peer.Id)!.SignedAttachment.Should().Equal(signed);
        _ledger.Find(_peer.Id)!.RecordSequence.Should().Be(9);
    }

    [Fact]
    public void LookUp_TellsTheRememberedRecord_WhileItIsTheNewestAnnounced_AndInItsTime()
    {
        var record = _peer.Record(7, Now, TimeSpan.FromMinutes(4));
        _ledger.LookUp(_peer.Id, Now).Should().Be(default(PeerFinding), "nobody is attached");
        _ledger.Remember(_peer.Id, record, Now);
        Announce(_first, 5);
        _ledger.LookUp(_peer.Id, Now).SignedRecord.Should().BeNull("what came before the peer attached is not kept");
        _ledger.Remember(_peer.Id, record, Now);
        var found = _ledger.LookUp(_peer.Id, Now + TimeSpan.FromMinutes(3.9));
        found.SignedRecord.Should().Equal(record);
        found.Presence!.Gateway.Should().Be(_first.Id);
        _ledger.LookUp(_peer.Id, Now + TimeSpan.FromMinutes(4)).SignedRecord.Should().BeNull("it expired");
        _ledger.Announce(_first.Id, new PeerAnnouncement(_peer.Attach(_first.Id, 5, Now), 8), Now, _losers).Result.Should().Be(AnnounceResult.Accepted);
        _ledger.LookUp(_peer.Id, Now).SignedRecord.Should().BeNull("a newer one was announced");
        var newer = _peer.Record(8, Now);
        _ledger.Remember(_peer.Id, newer, Now);
        _ledger.LookUp(_peer.Id, Now + RoutingLedger.RecordAge - TimeSpan.FromSeconds(1)).SignedRecord.Should().Equal(newer);
        _ledger.LookUp(_peer.Id, Now + RoutingLedger.RecordAge).SignedRecord.Should().BeNull("it is asked for again");
        _ledger.Withdraw(_first.Id, _peer.Id, 5);
        Announce(_first, 6);
        _ledger.LookUp(_peer.Id, Now).SignedRecord.Should().BeNull("a peer that left leaves nothing");
    }

    [Fact]
    public void Announce_LetsTheNewestProcessWin_AndNamesTheLoser()
    {
        Announce(_first, 5);
        Announce(_second, 6).Result.Should().Be(AnnounceResult.Accepted);
        _losers.Should().Equal(new Superseded(_first.Id, _peer.Id, 6));
        _ledger.Find(_peer.Id)!.Gateway.Should().Be(_second.Id);
        Announce(_first, 5).Should().Be(new AnnounceOutcome(AnnounceResult.Superseded, 6));
        _ledger.Find(_peer.Id)!.Gateway.Should().Be(_second.Id);
    }

    [Fact]
    public void Announce_OfOneProcessAtTwoGateways_FindsTheLaterAndFallsBack()
    {
        Announce(_first, 5, Now);
        Announce(_second, 5, Now + TimeSpan.FromSeconds(1));
        _losers.Should().BeEmpty();
        _ledger.Find(_peer.Id)!.Gateway.Should().Be(_second.Id);
        // A gateway that repeats an older statement does not take the peer back.
        Announce(_first, 5, Now);
        _ledger.Find(_peer.Id)!.Gateway.Should().Be(_second.Id);
        _ledger.Withdraw(_second.Id, _peer.Id, 5);
        _ledger.Find(_peer.Id)!.Gateway.Should().Be(_first.Id);
        _ledger.Count.Should().Be(1);
    }

    [Fact]
    public void Announce_AtMoreGatewaysThanAreKept_LeavesNoTraceOfTheOldest()
    {
        var gateways = Enumerable.Range(0, RoutingLedger.MaxAttachments + 2).Select(_ => new TestPeer()).ToArray();
        for (var i = 0; i < gateways.Length; i++)
            Announce(gateways[i], 5, Now + TimeSpan.FromSeconds(i));
        for (var i = gateways.Length - 1; i >= 0; i--)
            _ledger.Withdraw(gateways[i].Id, _peer.Id, 5);
        _ledger.Find(_peer.Id).Should().BeNull();
        _ledger.Count.Should().Be(0);
        // What remains of the gateways must hold no peer that is gone.
        _ledger.Refresh([], true, Now + TimeSpan.FromMinutes(1));
        Array.ForEach(gateways, gateway => gateway.Dispose());
    }

    [Fact]
    public void Announce_RefusesWhatThePeerDidNotSignForThisGatewayAndTime()
    {
        _ledger.Hear(_first.Id, GatewayEpoch, Now);
        var good = _peer.Attach(_first.Id, 5, Now);
        var bad = good.ToArray();
        bad[70] ^= 1;
        foreach (var signed in new[]
        {
            bad, [], _peer.Attach(_second.Id, 5, Now), _peer.Attach(_first.Id, 5, Now, NetworkId.FromName("another")),
            _peer.Attach(_first.Id, 5, Now + TimeSpan.FromHours(1)), _peer.Attach(_first.Id, 5, Now - TimeSpan.FromDays(31)),
            _peer.Attach(_first.Id, (ulong)(Now + TimeSpan.FromHours(1)).ToUnixTimeMilliseconds(), Now),
        })
            _ledger.Announce(_first.Id, new PeerAnnouncement(signed, 1), Now, _losers).Result.Should().Be(AnnounceResult.Invalid);
        _ledger.Count.Should().Be(0);
        // A long attachment is no crime: signed while this process of the gateway was running.
        _ledger.Announce(_first.Id, new PeerAnnouncement(_peer.Attach(_first.Id, 5, Now - TimeSpan.FromDays(29)), 1), Now, _losers)
            .Result.Should().Be(AnnounceResult.Accepted);
    }

    [Fact]
    public void Announce_RefusesAPeerOfAnotherZone()
    {
        using var stranger = TestPeer.InZone((_peer.Zone + 1) % GrainKeys.ZoneCount);
        _ledger.Hear(_first.Id, GatewayEpoch, Now);
        _ledger.Announce(_first.Id, stranger.Announce(_first.Id, 5, Now), Now, _losers).Result.Should().Be(AnnounceResult.WrongZone);
    }

    [Fact]
    public void Withdraw_OfAnOlderProcess_LeavesTheNewer()
    {
        Announce(_first, 5);
        Announce(_first, 6);
        _ledger.Withdraw(_first.Id, _peer.Id, 5);
        _ledger.Find(_peer.Id)!.Epoch.Should().Be(6);
        _ledger.Withdraw(_first.Id, _peer.Id, 6);
        _ledger.Find(_peer.Id).Should().BeNull();
    }

    [Fact]
    public void Hear_OfANewGatewayProcess_EndsTheOldOnesEntries()
    {
        Announce(_first, 5);
        _ledger.Hear(_first.Id, GatewayEpoch + 1, Now).Should().BeTrue();
        _ledger.Find(_peer.Id).Should().BeNull();
        _ledger.Hear(_first.Id, GatewayEpoch, Now).Should().BeFalse("an older process must not come back");
    }

    [Fact]
    public void Refresh_DropsASilentGateway_OnlyWhenTheListIsComplete()
    {
        Announce(_first, 5);
        _ledger.Refresh([], true, Now + TimeSpan.FromSeconds(9.9));
        _ledger.Refresh([], false, Now + TimeSpan.FromMinutes(5));
        _ledger.Count.Should().Be(1);
        _ledger.Refresh([new GatewayLife(_first.Id, GatewayEpoch)], true, Now + TimeSpan.FromMinutes(5));
        _ledger.Count.Should().Be(1);
        _ledger.Refresh([], true, Now + TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(10));
        _ledger.Count.Should().Be(0);
        _ledger.FindClosest(new byte[32], 8).Should().BeEmpty();
    }

    private AnnounceOutcome Announce(TestPeer gateway, ulong epoch, DateTimeOffset? at = null)
    {
        _ledger.Hear(gateway.Id, GatewayEpoch, Now).Should().BeTrue();
        return _ledger.Announce(gateway.Id, _peer.Announce(gateway.Id, epoch, at ?? Now), Now, _losers);
    }
}
