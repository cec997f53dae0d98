using Crust.Gateway.Bootstrap;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Primitives;
using Crust.Tests.Cluster;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Gateway;

public sealed class BootstrapViewTests : IDisposable
{
    private static readonly DateTimeOffset Clock = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly BootstrapPeer _peer = new();
    private readonly BootstrapPeer _gateway = new();
    private readonly BootstrapView _view = new(TestPeer.Network);
    private Instant _now = new(1_000_000);

    public void Dispose()
    {
        _peer.Dispose();
        _gateway.Dispose();
    }

    [Fact]
    public void AnEntry_IsSampledUntilItsProofHasAged_ByTheShardsClock()
    {
        _view.Set(_peer.Shard, Begin().Reading, Shard(2, Entry(Clock)), _now);
        IsSampled().Should().BeTrue();
        _now += BootstrapEntry.ProofLifetime + TimeSpan.FromSeconds(1);
        IsSampled().Should().BeTrue("it may be judged for no longer than the reading lasts");
        _view.Confirm(_peer.Shard, Begin().Reading, _now);
        _now += TimeSpan.FromSeconds(6);
        IsSampled().Should().BeFalse();
    }

    /// <summary>Used to leave a peer out for half a minute that had just entered: the shard was read for it while an earlier reading, of before, was under way.</summary>
    [Fact]
    public void AnAnswerThatComesAfterThatOfALaterReading_ChangesNothing()
    {
        var (version, early) = Begin();
        version.Should().Be(0);
        var late = Begin().Reading;
        _view.Set(_peer.Shard, late, Shard(2, Entry(Clock)), _now);
        _view.Set(_peer.Shard, early, Shard(1), _now).Should().ContainSingle("that is what is known");
        IsSampled().Should().BeTrue();
        Begin().Version.Should().Be(2);

        _view.Confirm(_peer.Shard, early, _now + TimeSpan.FromHours(1)).Should().ContainSingle();
        IsSampled().Should().BeTrue("it was not judged by that hour");
    }

    [Fact]
    public void AShardThatBeginsAnew_IsTaken_WhateverItsVersion()
    {
        _view.Set(_peer.Shard, Begin().Reading, Shard(9, Entry(Clock)), _now);
        _view.Set(_peer.Shard, Begin().Reading, Shard(3), _now).Should().BeEmpty();
        _view.Count.Should().Be(0);
    }

    private (ulong Version, long Reading) Begin() => _view.BeginReading(_peer.Shard);

    private bool IsSampled() => _view.Sample(24, _ => false, seed: 1, _now).Any(e => e.Record.Peer == _peer.Id);

    private BootstrapEntry Entry(DateTimeOffset proven)
    {
        var time = (ulong)proven.ToUnixTimeMilliseconds();
        return new BootstrapEntry(_peer.Record(1, Clock), 1, true, _gateway.Id, time, time, time, 1, 0, 0, time);
    }

    private static BootstrapShard Shard(ulong version, params BootstrapEntry[] entries) => new(version, (ulong)Clock.ToUnixTimeMilliseconds(), entries);
}
