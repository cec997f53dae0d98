using Crust.Grains.Abstractions;
using Crust.Grains.Gateways;
using Crust.Tests.Cluster;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Grains;

public sealed class DirectoryLedgerTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly DirectoryLedger _ledger = new(Now);

    [Fact]
    public void Version_ChangesWithWhatIsSaid_NotWithTheTime()
    {
        using var gateway = new TestPeer();
        _ledger.Hear(gateway.Id, Beat(1), Now);
        var version = _ledger.Version;
        _ledger.Hear(gateway.Id, Beat(1), Now + TimeSpan.FromSeconds(2));
        _ledger.Version.Should().Be(version);
        _ledger.Snapshot().Gateways[0].LastHeard.Should().Be(Now + TimeSpan.FromSeconds(2));
        _ledger.Hear(gateway.Id, Beat(2), Now + TimeSpan.FromSeconds(4));
        _ledger.Version.Should().NotBe(version);
    }

    [Fact]
    public void Gateway_IsDroppedAfterFifteenSeconds_AndIsListedAnewWhenItReturns()
    {
        using var gateway = new TestPeer();
        _ledger.Hear(gateway.Id, Beat(1), Now);
        _ledger.Expire(Now + TimeSpan.FromSeconds(9.9));
        _ledger.Snapshot().Gateways.Should().ContainSingle();
        var back = Now + TimeSpan.FromSeconds(10);
        _ledger.Expire(back);
        _ledger.Snapshot().Gateways.Should().BeEmpty();
        _ledger.Hear(gateway.Id, Beat(1), back);
        _ledger.Snapshot().Gateways[0].Since.Should().Be(back, "by this the gateway knows that zones may have dropped its peers");
    }

    [Fact]
    public void Hear_IgnoresAnOlderProcess()
    {
        using var gateway = new TestPeer();
        _ledger.Hear(gateway.Id, Beat(1, epoch: 8), Now);
        _ledger.Hear(gateway.Id, Beat(99, epoch: 7), Now);
        _ledger.Snapshot().Gateways[0].Heartbeat.AttachedPeers.Should().Be(1);
    }

    [Fact]
    public void Snapshot_TellsZonesAndSumsTheirPeers()
    {
        _ledger.SetZone(3, new ZoneStatus(77, 10));
        _ledger.SetZone(4, new ZoneStatus(78, 5));
        var snapshot = _ledger.Snapshot();
        snapshot.ZoneEpochs[3].Should().Be(77);
        snapshot.ZoneEpochs[0].Should().Be(0);
        snapshot.AttachedPeers.Should().Be(15);
    }

    [Fact]
    public void IsComplete_OnlyAfterListeningForAsLongAsAGatewayMayBeSilent()
    {
        _ledger.IsComplete(Now + TimeSpan.FromSeconds(9.9)).Should().BeFalse();
        _ledger.IsComplete(Now + TimeSpan.FromSeconds(10)).Should().BeTrue();
    }

    private static GatewayHeartbeat Beat(int load, ulong epoch = 1) => new(epoch, ["a"], "r", load, false);
}
