using Crust.Gateway.Bootstrap;
using Crust.GatewayProtocol;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Primitives;
using Crust.Tests.Cluster;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Gateway;

public sealed class VouchTableTests : IDisposable
{
    private static readonly DateTimeOffset Clock = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly BootstrapPeer _peer = new();
    private readonly BootstrapPeer _gateway = new();
    private readonly VouchTable _table;
    private Instant _now = new(1_000_000);

    public VouchTableTests() => _table = new VouchTable(_gateway.Id, new DeterministicRandom(1));

    public void Dispose()
    {
        _peer.Dispose();
        _gateway.Dispose();
    }

    [Fact]
    public void ADialThatReachedWhatTheRecordLists_IsReported()
    {
        var report = Enter()!;
        report.Should().BeEquivalentTo(new { Dialled = (ushort)1, Reached = (ushort)1, IsIndependent = true });
        report.SignedAttachment.Should().NotBeEmpty();
    }

    [Fact]
    public void AnAddressThatIsPublishedAfterItWasReached_IsReportedThen()
    {
        Attach(isNew: true, 1, true, "198.51.100.1:9");
        Dialled(DialBackOutcome.Reached).Should().BeNull("the record does not list it");
        Attach(isNew: false, 2, true, "198.51.100.1:9", "203.0.113.7:4000").Should().BeEquivalentTo(new { Dialled = (ushort)2, Reached = (ushort)2 });
    }

    [Fact]
    public void ADialOfLongAgo_IsDialledAgain_AndNotReportedAsNews()
    {
        Attach(isNew: true, 1, true, "198.51.100.1:9");
        Dialled(DialBackOutcome.Reached);
        Tick(31);
        Attach(isNew: false, 2).Should().BeNull();
        Tick(1);
        NextDial().Should().Equal(_peer.At("203.0.113.7:4000"));
    }

    [Fact]
    public void APeerWhoseDialsFail_IsNotReportedReached_ByAttachingAgain()
    {
        Enter();
        Tick(1);
        Dialled(DialBackOutcome.NoAnswer)!.Reached.Should().Be(0);
        Attach(isNew: false, 2).Should().BeNull();
        _table.HasFailed(_peer.Id).Should().BeTrue();
    }

    [Fact]
    public void APeerThatDoesNotAccept_IsNotReported_AndOneThatStopsTo_IsTakenBack()
    {
        Attach(isNew: true, 1, false);
        Dialled(DialBackOutcome.Reached).Should().BeNull();
        Attach(isNew: false, 2).Should().NotBeNull();
        Attach(isNew: false, 3, false)!.Record.Sequence.Should().Be(3);
        Tick(1000);
        NextDial().Should().BeEmpty();
    }

    [Fact]
    public void APeer_IsDialledEachMinute_WithJitter()
    {
        Enter();
        for (var i = 0; i < 100; i++)
        {
            Tick(44.9);
            NextDial().Should().BeEmpty();
            Tick(30.2);
            NextDial().Should().Equal(_peer.At("203.0.113.7:4000"));
            NextDial().Should().BeEmpty("it is being dialled");
            Ours(DialBackOutcome.Reached)!.Reached.Should().Be(1);
        }
    }

    [Fact]
    public void AfterAFailure_ItIsDialledSoon_UntilTheShardHasRemovedIt()
    {
        Enter();
        Tick(76);
        NextDial().Should().NotBeEmpty();
        Ours(DialBackOutcome.NoAnswer)!.Reached.Should().Be(0);
        _table.HandleResult(_peer.Id, BootstrapResult.Demoted, _now);
        Tick(19);
        NextDial().Should().NotBeEmpty();
        Ours(DialBackOutcome.Refused);
        Tick(38);
        NextDial().Should().NotBeEmpty();
        Ours(DialBackOutcome.NotThePeer);
        _table.HandleResult(_peer.Id, BootstrapResult.Removed, _now);
        Tick(1000);
        NextDial().Should().BeEmpty();
        _table.HasFailed(_peer.Id).Should().BeFalse();
    }

    /// <summary>Used to name only the address that was dialled again, so that the shard, which had not heard that the other one was gone, told a dead peer to others for as long as its record lived.</summary>
    [Fact]
    public void AFailureThatTheShardDidNotHearOf_IsInTheNextReport()
    {
        Attach(isNew: true, 1, true, "203.0.113.7:4000", "203.0.113.7:4001");
        IReadOnlyList<PeerAddress> both = [_peer.At("203.0.113.7:4000"), _peer.At("203.0.113.7:4001")];
        _table.HandleDialled(_peer.Id, both, [DialBackOutcome.Reached, DialBackOutcome.Reached], isIndependent: true, [], _now)!.Reached.Should().Be(3);
        Tick(76);
        NextDial().Should().Equal(both);
        _table.HandleDialled(_peer.Id, both, [DialBackOutcome.NoAnswer, DialBackOutcome.NoAnswer], isIndependent: false, null, _now)
            .Should().BeEquivalentTo(new { Dialled = (ushort)3, Reached = (ushort)0 });
        _table.HandleResult(_peer.Id, null, _now);
        Tick(20);
        var again = NextDial();
        again.Should().ContainSingle();
        _table.HandleDialled(_peer.Id, again, [DialBackOutcome.NoAnswer], isIndependent: false, null, _now).Should().BeEquivalentTo(new { Dialled = (ushort)3, Reached = (ushort)0 });
        Tick(38);
        NextDial().Should().NotBeEmpty();
        _table.HandleDialled(_peer.Id, again, [DialBackOutcome.Reached], isIndependent: false, null, _now)!.Reached.Should().Be((ushort)(again[0] == both[0] ? 1 : 2));
    }

    /// <summary>Used to take a peer out of samples until the shard had answered, each time it asked for an address that cannot be reached.</summary>
    [Fact]
    public void APeerThatAsksForAnotherAddress_IsStillReached_WhereItWas()
    {
        Attach(isNew: true, 1, true, "203.0.113.7:4000", "203.0.113.7:4001");
        _table.HandleDialled(_peer.Id, [_peer.At("203.0.113.7:4000")], [DialBackOutcome.Reached], isIndependent: true, [], _now);
        _table.HandleDialled(_peer.Id, [_peer.At("203.0.113.7:4001")], [DialBackOutcome.NoAnswer], isIndependent: true, [], _now)
            .Should().BeEquivalentTo(new { Dialled = (ushort)2, Reached = (ushort)0 });
        _table.HasFailed(_peer.Id).Should().BeFalse();
        Tick(19);
        NextDial().Should().Equal([_peer.At("203.0.113.7:4000")], "if one is gone, the other may be");
        Dialled(DialBackOutcome.NoAnswer)!.Dialled.Should().Be(3);
        _table.HasFailed(_peer.Id).Should().BeTrue();
    }

    [Fact]
    public void APeerWhoseSessionEnds_IsDialledAtOnce_AndGoesOnBeingVouchedForIfItIsThere()
    {
        Enter();
        _table.HandleDetached(_peer.Id, _now);
        Tick(1.001);
        NextDial().Should().NotBeEmpty();
        Ours(DialBackOutcome.Reached)!.Reached.Should().Be(1);
        Tick(76);
        NextDial().Should().NotBeEmpty();
    }

    [Fact]
    public void APeerThatLeavesBeforeItWasReported_IsForgotten()
    {
        Attach(isNew: true, 1);
        _table.HandleDetached(_peer.Id, _now);
        _table.Count.Should().Be(0);
    }

    [Fact]
    public void APeerThatAnotherGatewayVouchesFor_IsLeftToIt()
    {
        Enter();
        _table.HandleDetached(_peer.Id, _now);
        _table.HandleResult(_peer.Id, BootstrapResult.OtherVoucher, _now);
        _table.Count.Should().Be(0);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(BootstrapResult.UnknownGateway)]
    [InlineData(BootstrapResult.StorageUnavailable)]
    public void AReportThatWasNotTaken_IsMadeAgain(BootstrapResult? result)
    {
        Enter();
        _table.HandleResult(_peer.Id, result, _now);
        Tick(12.6);
        NextDial().Should().NotBeEmpty();
        _table.HandleNotDialled(_peer.Id, _now);
        Tick(12.6);
        NextDial().Should().NotBeEmpty("a dial that could not be made is made later");
    }

    [Fact]
    public void WhatAnotherGatewayLeft_IsTakenOver()
    {
        var signed = _peer.Record(4, Clock);
        PeerRecord.TryVerify(signed, TestPeer.Network, out var record).Should().BeTrue();
        _table.Adopt(new BootstrapEntry(signed, 1, true, _gateway.Id, 1, 1, 1, 1, 0, 0, 1), record!, _now);
        Tick(10.001);
        NextDial().Should().Equal(_peer.At("203.0.113.7:4000"));
        var report = Ours(DialBackOutcome.Reached)!;
        report.SignedRecord.Should().Equal(signed);
        report.SignedAttachment.Should().BeEmpty();
    }

    [Fact]
    public void EachOrphan_HasOneHeir_AndAllGatewaysInherit()
    {
        using var second = new BootstrapPeer();
        using var third = new BootstrapPeer();
        PeerId[] live = [_gateway.Id, second.Id, third.Id];
        var tables = live.Select(id => new VouchTable(id, new DeterministicRandom(2))).ToList();
        var heirs = new int[3];
        for (var i = 0; i < 300; i++)
        {
            var orphan = PeerId.FromTrustedBytes(Crust.Cryptography.Blake3.Hash(BitConverter.GetBytes(i)));
            var those = Enumerable.Range(0, 3).Where(t => tables[t].IsHeir(orphan, live)).ToList();
            heirs[those.Should().ContainSingle().Subject]++;
        }

        heirs.Should().OnlyContain(n => n > 60);
        _table.IsHeir(_peer.Id, []).Should().BeFalse();
    }

    private void Tick(double seconds) => _now += TimeSpan.FromSeconds(seconds);

    private VouchReport? Enter()
    {
        Attach(isNew: true, 1);
        return Dialled(DialBackOutcome.Reached);
    }

    private VouchReport? Attach(bool isNew, ulong sequence, bool accepts = true, params string[] endPoints)
    {
        var signed = _peer.Record(sequence, Clock, accepts, endPoints: endPoints);
        PeerRecord.TryVerify(signed, TestPeer.Network, out var record).Should().BeTrue();
        return _table.HandleAttached(record!, signed, _peer.AttachTo(_gateway.Id, Clock), isNew, _now);
    }

    private VouchReport? Dialled(DialBackOutcome outcome) => _table.HandleDialled(_peer.Id, [_peer.At("203.0.113.7:4000")], [outcome], isIndependent: true, ["192.0.2.1"], _now);

    private VouchReport? Ours(DialBackOutcome outcome) => _table.HandleDialled(_peer.Id, [_peer.At("203.0.113.7:4000")], [outcome], isIndependent: false, null, _now);

    private IReadOnlyList<PeerAddress> NextDial() => _table.TryNextDial(_now, out var addresses, out _) ? addresses : [];
}
