using Crust.Grains.Abstractions;
using Crust.Grains.Bootstrap;
using Crust.Identity;
using Crust.Tests.Cluster;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Xunit;

namespace Crust.Tests.Unit.Grains;

public sealed class BootstrapLedgerTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly BootstrapPeer _peer = new();
    private readonly BootstrapPeer _gateway = new();
    private readonly BootstrapPeer _other = new();
    private readonly List<BootstrapPeer> _more = [];
    private readonly BootstrapLedger _ledger;
    private readonly HashSet<PeerId> _banned = [];
    private DateTimeOffset _now = Start;

    public BootstrapLedgerTests()
    {
        _ledger = new BootstrapLedger(TestPeer.Network, _peer.Shard, peer => !_banned.Contains(peer));
        _ledger.Load([], _now);
        _ledger.SetGateways([_gateway.Id, _other.Id]);
    }

    public void Dispose()
    {
        foreach (var peer in _more.Append(_peer).Append(_gateway).Append(_other))
            peer.Dispose();
    }

    [Fact]
    public void APeerThatADialReached_Enters_WithWhoSaysSoAndWhen()
    {
        Proven().Should().Be(BootstrapResult.Proven);
        var entry = _ledger.Entries.Single();
        entry.Should().BeEquivalentTo(new
        {
            Proven = (ushort)1, IsIndependent = true, Voucher = _gateway.Id, Successes = 1u, Failures = 0u, FailuresInRow = 0u,
            LastProven = (ulong)_now.ToUnixTimeMilliseconds(), ProvenSince = (ulong)_now.ToUnixTimeMilliseconds(),
        });
        PeerRecord.TryVerify(entry.SignedRecord, TestPeer.Network, out var record).Should().BeTrue();
        record!.Peer.Should().Be(_peer.Id);
        entry.IsSampled(_now).Should().BeTrue();
    }

    [Fact]
    public void APeerThatNoDialReached_DoesNotEnter()
    {
        Failed().Should().Be(BootstrapResult.Unknown);
        _ledger.Count.Should().Be(0);
    }

    [Fact]
    public void WithoutThePeersOwnRecord_NothingEnters()
    {
        var now = _now;
        var forged = _other.Record(1, now);
        Report(_gateway.Prove(_peer.Id, 1, now), forged, _peer.AttachTo(_gateway.Id, now)).Should().Be(BootstrapResult.Invalid, "the record is another's");
        var record = _peer.Record(1, now);
        record[60] ^= 1;
        Report(_gateway.Prove(_peer.Id, 1, now), record, _peer.AttachTo(_gateway.Id, now)).Should().Be(BootstrapResult.Invalid, "the peer did not sign that address");
        Report(_gateway.Prove(_peer.Id, 1, now), [], _peer.AttachTo(_gateway.Id, now)).Should().Be(BootstrapResult.Invalid, "there is no record");
        Report(_gateway.Prove(_peer.Id, 2, now), _peer.Record(1, now), _peer.AttachTo(_gateway.Id, now)).Should().Be(BootstrapResult.Invalid, "the dial was of another record");
        Report(_gateway.Prove(_peer.Id, 1, now, dialled: 2, reached: 2), _peer.Record(1, now), _peer.AttachTo(_gateway.Id, now)).Should().Be(BootstrapResult.Invalid, "it lists one address");
        _ledger.Count.Should().Be(0);
    }

    [Fact]
    public void APeerThatIsNotAttachedToTheGateway_DoesNotEnter()
    {
        Report(_gateway.Prove(_peer.Id, 1, _now), _peer.Record(1, _now), []).Should().Be(BootstrapResult.Invalid);
        Report(_gateway.Prove(_peer.Id, 1, _now), _peer.Record(1, _now), _peer.AttachTo(_other.Id, _now)).Should().Be(BootstrapResult.Invalid);
        Report(_gateway.Prove(_peer.Id, 1, _now), _peer.Record(1, _now), _peer.AttachTo(_gateway.Id, _now - TimeSpan.FromMinutes(11))).Should().Be(BootstrapResult.Invalid);
        _ledger.Count.Should().Be(0);
    }

    [Fact]
    public void AGatewayCannotSpeakForAnother()
    {
        Report(_other.Prove(_peer.Id, 1, _now, inTheNameOf: _gateway.Id), _peer.Record(1, _now), _peer.AttachTo(_gateway.Id, _now)).Should().Be(BootstrapResult.Invalid);
        Proven();
        Tick(10);
        Report(_other.Prove(_peer.Id, 1, _now, reached: 0, inTheNameOf: _gateway.Id), _peer.Record(1, _now), []).Should().Be(BootstrapResult.Invalid);
        Report(_other.Prove(_peer.Id, 1, _now, reached: 0), _peer.Record(1, _now), []).Should().Be(BootstrapResult.OtherVoucher, "its own word does not count for that peer");
        _ledger.Entries.Single().FailuresInRow.Should().Be(0);
    }

    [Fact]
    public void AGatewayThatTheDirectoryDoesNotList_IsNotListenedTo()
    {
        _ledger.SetGateways([_other.Id]);
        Proven().Should().Be(BootstrapResult.UnknownGateway);
        _ledger.SetGateways([]);
        Proven().Should().Be(BootstrapResult.UnknownGateway, "an empty list is a directory that has just begun");
    }

    [Fact]
    public void TheFirstFailure_Demotes_AndTheThirdInARowRemoves()
    {
        Proven();
        Tick(60);
        Failed().Should().Be(BootstrapResult.Demoted);
        _ledger.Entries.Single().IsSampled(_now).Should().BeFalse();
        Tick(15);
        Proven().Should().Be(BootstrapResult.Proven);
        _ledger.Entries.Single().Should().BeEquivalentTo(new { Successes = 2u, Failures = 1u, FailuresInRow = 0u, ProvenSince = (ulong)_now.ToUnixTimeMilliseconds() });
        foreach (var expected in new[] { BootstrapResult.Demoted, BootstrapResult.Demoted, BootstrapResult.Removed })
        {
            Tick(15);
            Failed().Should().Be(expected);
        }

        _ledger.Count.Should().Be(0);
    }

    [Fact]
    public void AReport_CountsOnce_AndAnOlderOneNeverAgain()
    {
        var proof = _gateway.Prove(_peer.Id, 1, _now);
        var (record, attachment) = (_peer.Record(1, _now), _peer.AttachTo(_gateway.Id, _now));
        Report(proof, record, attachment).Should().Be(BootstrapResult.Proven);
        Report(proof, record, attachment).Should().Be(BootstrapResult.Proven, "a repeated call is answered as the first");
        _ledger.Entries.Single().Successes.Should().Be(1);
        Tick(5);
        Failed().Should().Be(BootstrapResult.Demoted);
        Report(proof, record, attachment).Should().Be(BootstrapResult.Invalid);
        _ledger.Entries.Single().FailuresInRow.Should().Be(1);
    }

    [Fact]
    public void APeerThatAttachesElsewhere_IsVouchedForThere_AndTheOldGatewayIsNotListenedTo()
    {
        Proven();
        Tick(20);
        Report(_other.Prove(_peer.Id, 1, _now), _peer.Record(1, _now), _peer.AttachTo(_other.Id, _now)).Should().Be(BootstrapResult.Proven);
        _ledger.Entries.Single().Voucher.Should().Be(_other.Id);
        Tick(1);
        Failed().Should().Be(BootstrapResult.OtherVoucher);
        Report(_gateway.Prove(_peer.Id, 1, _now, reached: 0), _peer.Record(1, _now), _peer.AttachTo(_gateway.Id, Start)).Should().Be(BootstrapResult.OtherVoucher, "that attachment is older");
        _ledger.Entries.Single().FailuresInRow.Should().Be(0);
    }

    [Fact]
    public void WhenTheVoucherIsGone_AnyLiveGatewayMayDial()
    {
        Proven();
        _ledger.SetGateways([_other.Id]);
        Tick(60);
        Report(_other.Prove(_peer.Id, 1, _now), _peer.Record(1, _now), []).Should().Be(BootstrapResult.Proven);
        _ledger.Entries.Single().Should().BeEquivalentTo(new { Voucher = _other.Id, Successes = 2u, ProvenSince = (ulong)Start.ToUnixTimeMilliseconds() });
    }

    [Fact]
    public void ABannedPeer_DoesNotEnter_AndOneThatIsBannedLater_Leaves()
    {
        _banned.Add(_peer.Id);
        Proven().Should().Be(BootstrapResult.NotAccepting);
        _banned.Clear();
        Tick(1);
        Proven().Should().Be(BootstrapResult.Proven);
        _banned.Add(_peer.Id);
        _ledger.Prune(_now).Should().BeTrue();
        _ledger.Count.Should().Be(0);
    }

    [Fact]
    public void APeerThatDoesNotAccept_DoesNotEnter_AndOneThatStopsTo_Leaves()
    {
        Report(_gateway.Prove(_peer.Id, 1, _now), _peer.Record(1, _now, accepts: false), _peer.AttachTo(_gateway.Id, _now)).Should().Be(BootstrapResult.NotAccepting);
        Proven();
        Tick(1);
        Report(_gateway.Prove(_peer.Id, 2, _now), _peer.Record(2, _now, accepts: false), []).Should().Be(BootstrapResult.Removed);
        _ledger.Count.Should().Be(0);
    }

    [Fact]
    public void AnOlderRecord_DoesNotReplaceANewerOne()
    {
        Report(_gateway.Prove(_peer.Id, 5, _now), _peer.Record(5, _now), _peer.AttachTo(_gateway.Id, _now)).Should().Be(BootstrapResult.Proven);
        Tick(1);
        Report(_gateway.Prove(_peer.Id, 4, _now), _peer.Record(4, _now), []).Should().Be(BootstrapResult.Invalid);
        Report(_gateway.Prove(_peer.Id, 6, _now), _peer.Record(6, _now), []).Should().Be(BootstrapResult.Proven);
    }

    [Fact]
    public void WhatWasProven_StaysSo_WhereTheNewRecordListsItStill()
    {
        Report(_gateway.Prove(_peer.Id, 1, _now, dialled: 3, reached: 3), _peer.Record(1, _now, endPoints: ["203.0.113.7:1", "203.0.113.7:2"]), _peer.AttachTo(_gateway.Id, _now));
        Tick(1);
        var moved = _peer.Record(2, _now, endPoints: ["[2001:db8::1]:9", "203.0.113.7:2", "203.0.113.7:3"]);
        Report(_gateway.Prove(_peer.Id, 2, _now, dialled: 4, reached: 0, independent: false), moved, []).Should().Be(BootstrapResult.Proven, "another address is proven still");
        _ledger.Entries.Single().Should().BeEquivalentTo(new { Proven = (ushort)2, IsIndependent = true, Failures = 1u, FailuresInRow = 0u });
        Tick(1);
        Report(_gateway.Prove(_peer.Id, 2, _now, dialled: 2, reached: 0), moved, []).Should().Be(BootstrapResult.Demoted);
        _ledger.Entries.Single().Proven.Should().Be(2, "that is what is dialled again");
    }

    [Fact]
    public void AnEntryUnprovenAgainstFiltering_BecomesProven_AndNotTheOtherWayRound()
    {
        Proven(independent: false);
        _ledger.Entries.Single().IsIndependent.Should().BeFalse();
        Tick(60);
        Proven(independent: true);
        _ledger.Entries.Single().IsIndependent.Should().BeTrue();
        Tick(60);
        Proven(independent: false);
        _ledger.Entries.Single().IsIndependent.Should().BeTrue();
    }

    [Fact]
    public void AnEntry_IsNotSampledAfterFiveMinutesWithoutAProof_AndGoneAfterThirty()
    {
        Proven();
        Tick(299);
        _ledger.Entries.Single().IsSampled(_now).Should().BeTrue();
        Tick(2);
        _ledger.Entries.Single().IsSampled(_now).Should().BeFalse();
        Tick(1498);
        _ledger.Prune(_now).Should().BeFalse();
        Tick(2);
        _ledger.Prune(_now).Should().BeTrue();
        _ledger.Count.Should().Be(0);
    }

    [Fact]
    public void AnEntryWhoseRecordExpired_IsGone()
    {
        Report(_gateway.Prove(_peer.Id, 1, _now), _peer.Record(1, _now, lifetime: TimeSpan.FromMinutes(4)), _peer.AttachTo(_gateway.Id, _now));
        Tick(240);
        _ledger.Prune(_now).Should().BeTrue();
    }

    [Fact]
    public void HowLongAnEntryHasBeenProven_IsCounted_UntilItFails()
    {
        Proven();
        for (var minute = 1; minute <= 10; minute++)
        {
            Tick(60);
            Proven();
            _ledger.Entries.Single().ProvenFor.Should().Be(TimeSpan.FromMinutes(minute));
        }

        Tick(10);
        Failed();
        Tick(10);
        Proven();
        _ledger.Entries.Single().ProvenFor.Should().Be(TimeSpan.Zero);
        Tick(301);
        Proven();
        _ledger.Entries.Single().ProvenFor.Should().Be(TimeSpan.Zero, "nobody knows what was in these five minutes");
    }

    [Fact]
    public void APrefix_HasItsBound_AndAWeakEntryOfItMakesRoom()
    {
        var crowd = Enumerable.Range(0, BootstrapRules.MaxPerPrefix + 1).Select(_ => Another()).ToList();
        foreach (var (peer, i) in crowd.SkipLast(1).Select((p, i) => (p, i)))
            Enter(peer, $"198.51.{i}.1:1").Should().Be(BootstrapResult.Proven);
        Enter(crowd[^1], "198.51.100.1:1").Should().Be(BootstrapResult.Full);
        Enter(crowd[^1], "198.52.100.1:1").Should().Be(BootstrapResult.Proven, "it has another prefix now");
        Tick(1);
        var late = Another();
        Report(_gateway.Prove(crowd[3].Id, 1, _now, reached: 0), crowd[3].Record(1, _now, endPoints: "198.51.3.1:1"), []).Should().Be(BootstrapResult.Demoted);
        Enter(late, "198.51.200.1:1").Should().Be(BootstrapResult.Proven);
        _ledger.Count.Should().Be(BootstrapRules.MaxPerPrefix + 1);
    }

    [Fact]
    public void AGateway_HasItsBound()
    {
        for (var i = 0; i < BootstrapRules.MaxPerVoucher; i++)
            Enter(Another(), $"{i + 11}.1.0.1:1").Should().Be(BootstrapResult.Proven);
        Enter(Another(), "10.2.0.1:1").Should().Be(BootstrapResult.Full);
        var elsewhere = Another();
        Report(_other.Prove(elsewhere.Id, 1, _now), elsewhere.Record(1, _now), elsewhere.AttachTo(_other.Id, _now)).Should().Be(BootstrapResult.Proven);
    }

    [Fact]
    public void AFullShard_TakesANewPrefixInPlaceOfTheYoungestOfTheMostCrowded_AndStaysBelow256KiB()
    {
        // Sixteen entries in each of sixteen prefixes, half by either gateway, each with the longest record.
        var entries = new List<BootstrapPeer>();
        for (var i = 0; i < IBootstrapCacheGrain.MaxEntries; i++)
        {
            var peer = Another();
            entries.Add(peer);
            Tick(0.001);
            string[] endPoints = [.. Enumerable.Range(0, PeerRecord.MaxAddresses).Select(a => a == 0 ? $"{20 + i % 16}.1.0.1:1" : $"[2001:db8:{i + 1:x}:{a:x}:ffff:ffff:ffff:ffff]:65535")];
            var gateway = i < 128 ? _gateway : _other;
            Report(gateway.Prove(peer.Id, 1, _now), peer.Record(1, _now, endPoints: endPoints), peer.AttachTo(gateway.Id, _now)).Should().Be(BootstrapResult.Proven);
        }

        _ledger.Count.Should().Be(IBootstrapCacheGrain.MaxEntries);
        var newcomer = Another();
        _ledger.SetGateways([_gateway.Id, _other.Id, newcomer.Id]);
        var fresh = Another();
        Report(newcomer.Prove(fresh.Id, 1, _now), fresh.Record(1, _now), fresh.AttachTo(newcomer.Id, _now)).Should().Be(BootstrapResult.Proven);
        _ledger.Count.Should().Be(IBootstrapCacheGrain.MaxEntries);
        var left = _ledger.Entries.Select(e => PeerRecord.TryVerify(e.SignedRecord, TestPeer.Network, out var r) ? r!.Peer : default).ToHashSet();
        entries.FindAll(e => !left.Contains(e.Id)).Should().ContainSingle().Which.Should().BeOneOf(entries[^16..], "it came last of its prefix");

        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var state = services.GetRequiredService<Serializer>().SerializeToArray(new BootstrapState { Entries = _ledger.Entries });
        state.Length.Should().BeLessThan(256 * 1024);
        // The bound, and not only this state: records as long as they may be, in place of 438 bytes.
        (state.Length + IBootstrapCacheGrain.MaxEntries * (IBootstrapCacheGrain.MaxRecordLength - 438)).Should().BeLessThan(256 * 1024);
    }

    [Fact]
    public void WhatStorageHolds_IsTakenOver_Verified_AndMergedByTheNewestReport()
    {
        Proven();
        var stored = _ledger.Entries;
        Tick(60);
        Failed();
        _ledger.Load(stored, _now);
        _ledger.Entries.Single().FailuresInRow.Should().Be(1, "what is here is newer");

        var restored = new BootstrapLedger(TestPeer.Network, _peer.Shard);
        using var stranger = BootstrapPeer.InShard((_peer.Shard + 1) % GrainKeys.BootstrapShardCount);
        restored.Load([.. stored, stored[0] with { SignedRecord = stranger.Record(1, _now) }, stored[0] with { SignedRecord = [1, 2, 3] }, stored[0] with { Proven = 0x8000 }], _now);
        restored.Entries.Should().ContainSingle().Which.Should().Be(stored[0]);
        restored.Version.Should().BeGreaterThan(0);
    }

    [Fact]
    public void TheVersion_ChangesWithEveryChange_AndWithNothingElse()
    {
        var version = _ledger.Version;
        Failed();
        _ledger.Version.Should().Be(version);
        Proven();
        _ledger.Version.Should().BeGreaterThan(version);
    }

    private void Tick(double seconds) => _now += TimeSpan.FromSeconds(seconds);

    private BootstrapPeer Another()
    {
        var peer = BootstrapPeer.InShard(_peer.Shard);
        _more.Add(peer);
        return peer;
    }

    private BootstrapResult Enter(BootstrapPeer peer, string endPoint)
    {
        Tick(0.001);
        return Report(_gateway.Prove(peer.Id, 1, _now), peer.Record(1, _now, endPoints: endPoint), peer.AttachTo(_gateway.Id, _now));
    }

    private BootstrapResult Proven(bool independent = true) =>
        Report(_gateway.Prove(_peer.Id, 1, _now, independent: independent), _peer.Record(1, _now), _peer.AttachTo(_gateway.Id, Start));

    private BootstrapResult Failed() => Report(_gateway.Prove(_peer.Id, 1, _now, reached: 0), _peer.Record(1, _now), []);

    private BootstrapResult Report(byte[] proof, byte[] record, byte[] attachment) => _ledger.Report(new BootstrapReport(proof, record, attachment), _now);
}
