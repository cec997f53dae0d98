using System.Net;
using Crust.Discovery.Routing;
using Crust.Identity;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Discovery;

/// <summary>Who stays in a table, and who does not.</summary>
public sealed class RoutingTableTests
{
    private readonly RoutingPeers _peers = new(1);
    private readonly PeerId _self;
    private readonly RoutingTable _table;
    private Instant _now = new(1_000_000);

    public RoutingTableTests()
    {
        _self = _peers.DrawId();
        _table = new RoutingTable(_self, new DeterministicRandom(2));
    }

    private Position Here => Position.Of(_self);

    [Fact]
    public void Closest_IsExact_AmongThoseInTheTable()
    {
        for (var i = 0; i < 2_000; i++)
            _table.Add(_peers.Draw(), RoutingPeers.Noon);
        var known = _table.Entries.Select(static e => e.Peer).ToList();
        known.Count.Should().BeGreaterThan(100);
        for (var i = 0; i < 50; i++)
        {
            var target = Position.Of(_peers.DrawId());
            var expected = known.Order(Comparer<KnownPeer>.Create((l, r) => target.CompareDistance(l.Position, r.Position))).Take(20).Select(static k => k.Id);
            _table.Closest(target, 20, RoutingPeers.Noon, forOthers: true).Select(static k => k.Id).Should().Equal(expected);
        }
    }

    [Fact]
    public void ABucket_HasAtMostK_AndWhoWasThereStays()
    {
        var first = Fill(20);
        foreach (var peer in first)
            Meet(peer);
        var newcomer = _peers.DrawIn(Here, 0);
        Meet(newcomer);
        _table.Count.Should().Be(20);
        _table.Entries.Select(static e => e.Peer.Id).ToHashSet().SetEquals(first.Select(static k => k.Id)).Should().BeTrue();
        _table.Find(newcomer.Id).Should().NotBeNull("it waits");
    }

    [Fact]
    public void ForOneWhoWaits_TheOneSeenLeastLatelyIsChecked_AndGoesIfItIsGone()
    {
        var first = Fill(20);
        foreach (var peer in first)
        {
            Meet(peer);
            _now += TimeSpan.FromSeconds(1);
        }

        _now += RoutingLimits.FreshAge;
        var newcomer = _peers.DrawIn(Here, 0);
        Meet(newcomer);
        _table.PollCheck(_now, out var asked).Should().BeTrue();
        asked.Id.Should().Be(first[0].Id);
        _table.NoteFailure(asked.Id);
        _table.Entries.Select(static e => e.Peer.Id).Should().Contain(newcomer.Id).And.NotContain(first[0].Id);
    }

    [Fact]
    public void ForOneWhoWaits_TheOneCheckedStays_IfItIsThere()
    {
        var first = Fill(20);
        foreach (var peer in first)
            Meet(peer);
        _now += RoutingLimits.FreshAge;
        var newcomer = _peers.DrawIn(Here, 0);
        Meet(newcomer);
        _table.PollCheck(_now, out var asked).Should().BeTrue();
        _table.NoteAlive(asked.Id, _now);
        _table.Entries.Select(static e => e.Peer.Id).Should().Contain(asked.Id).And.NotContain(newcomer.Id);
    }

    [Fact]
    public void WhoProvedToBeThere_TakesThePlaceOfOneThatNeverDid()
    {
        var hints = Fill(20);
        var newcomer = _peers.DrawIn(Here, 0);
        _table.Add(_peers.DrawIn(Here, 0), RoutingPeers.Noon).Should().BeFalse("a hint moves nobody");
        Meet(newcomer);
        _table.Count.Should().Be(20);
        _table.Entries.Select(static e => e.Peer.Id).Should().Contain(newcomer.Id);
        hints.Should().HaveCount(20);
    }

    [Fact]
    public void APrefix_HasTwoPlacesInABucket_AndTenInTheTable()
    {
        for (var bits = 0; bits < 8; bits++)
        {
            for (var i = 0; i < 5; i++)
                Meet(_peers.DrawIn(Here, bits, $"66.6.6.{i + 1}"));
            _table.Entries.Count(e => Here.CommonBits(e.Peer.Position) == bits).Should().BeLessThanOrEqualTo(RoutingLimits.PrefixInBucket);
        }

        _table.Count.Should().Be(RoutingLimits.PrefixInTable);
    }

    [Fact]
    public void WhoListsNoPublicAddress_CountsWhereItWasMet_ElseAmongTheLocal()
    {
        for (var i = 0; i < 15; i++)
            _table.Add(_peers.DrawIn(Here, 0, i % 2 == 0 ? null : $"10.0.{i}.1"), RoutingPeers.Noon);
        _table.Count.Should().Be(RoutingLimits.LocalInBucket);
        for (var i = 0; i < 5; i++)
            _table.Meet(_peers.DrawIn(Here, 1, null), IPAddress.Parse($"66.6.6.{i + 1}"), _now, RoutingPeers.Noon);
        _table.Entries.Count(e => Here.CommonBits(e.Peer.Position) == 1).Should().Be(RoutingLimits.PrefixInBucket);
    }

    [Fact]
    public void TheNewestRecordCounts_AndOneThatExpiredDoesNot()
    {
        var id = _peers.DrawId();
        _table.Add(_peers.Draw(sequence: 5, id: id), RoutingPeers.Noon);
        _table.Add(_peers.Draw(sequence: 4, id: id), RoutingPeers.Noon);
        _table.Find(id)!.Record.Sequence.Should().Be(5);
        _table.Add(_peers.Draw(sequence: 6, id: id), RoutingPeers.Noon);
        _table.Find(id)!.Record.Sequence.Should().Be(6);
        var late = RoutingPeers.Noon + TimeSpan.FromHours(21);
        _table.Closest(Here, 20, late, forOthers: false).Should().BeEmpty();
        _table.Sweep(late);
        _table.Count.Should().Be(0);
        _table.Add(_peers.Draw(), late).Should().BeFalse();
    }

    [Fact]
    public void WhoFailed_IsNotToldOf_ButTriedLast_AndDroppedInTheEnd()
    {
        var (good, bad) = (_peers.Draw(), _peers.Draw());
        Meet(good);
        Meet(bad);
        _table.NoteFailure(bad.Id);
        _table.Closest(bad.Position, 20, RoutingPeers.Noon, forOthers: true).Select(static k => k.Id).Should().Equal(good.Id);
        _table.Closest(bad.Position, 20, RoutingPeers.Noon, forOthers: false).Select(static k => k.Id).Should().Equal(good.Id, bad.Id);
        for (var i = 1; i < RoutingLimits.MaxFailures; i++)
            _table.NoteFailure(bad.Id);
        _table.Find(bad.Id).Should().BeNull();
    }

    [Fact]
    public void EachBucket_IsRefreshedOnceAnHour_WithAPlaceOfItsOwn()
    {
        for (var bits = 0; bits < 5; bits++)
            Meet(_peers.DrawIn(Here, bits));
        var places = Refresh();
        places.Select(p => Here.CommonBits(p)).Should().Equal(256, 3, 2, 1, 0);
        Refresh().Should().BeEmpty();
        _now += RoutingLimits.RefreshInterval;
        _table.NoteLookup(Here.RandomAt(2, _peers.Random), _now);
        Refresh().Select(p => Here.CommonBits(p)).Should().Equal(256, 3, 1, 0);
    }

    [Fact]
    public void Itself_IsNeverInItsTable()
    {
        _table.Add(_peers.Draw(id: _self), RoutingPeers.Noon).Should().BeFalse();
        Meet(_peers.Draw(id: _self));
        _table.NoteFailure(_self);
        _table.Find(_self).Should().BeNull();
        _table.Count.Should().Be(0);
    }

    private List<Position> Refresh()
    {
        var places = new List<Position>();
        while (_table.PollRefresh(_now, out var target))
            places.Add(target);
        return places;
    }

    private List<KnownPeer> Fill(int count)
    {
        var peers = Enumerable.Range(0, count).Select(_ => _peers.DrawIn(Here, 0)).ToList();
        foreach (var peer in peers)
            _table.Add(peer, RoutingPeers.Noon).Should().BeTrue();
        return peers;
    }

    private void Meet(KnownPeer peer) => _table.Meet(peer, null, _now, RoutingPeers.Noon);
}
