using Crust.Gateway.Cluster;
using Crust.Grains.Abstractions;
using Crust.Identity;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Crust.Tests.Cluster;

[Trait("speed", "slow")]
public sealed class ZoneAnnouncerTests
{
    /// <summary>It used to stay in the zone's table for as long as the gateway ran: taken back first, announced from an older list then.</summary>
    [Fact]
    public async Task APeerThatLeftWhileItsZoneWasAnnounced_IsTakenBack()
    {
        await using var cluster = await TestCluster.StartAsync();
        using var peer = new TestPeer();
        using var gateway = new TestPeer();
        var epoch = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var leaving = new LeavingPeer(new AttachedPeer(peer.Id, peer.Attach(gateway.Id, 5, DateTimeOffset.UtcNow), 1, 5));
        await using var announcer = new ZoneAnnouncer(cluster.Client, gateway.Id, () => epoch, gateway.Prove(epoch), leaving, TimeProvider.System, NullLogger.Instance);
        using var stop = new CancellationTokenSource();
        announcer.RequestAll();
        var running = announcer.RunAsync(stop.Token);
        await Eventually.HoldsAsync(() => leaving.Looks > 2, "its zone is announced, and announced again without it");
        await Eventually.HoldsAsync(() => cluster.Client.FindPresenceAsync(peer.Id, CancellationToken.None), reply => reply is { IsAvailable: true, Value: null }, "it is not found any more");
        await stop.CancelAsync();
        await running.Invoking(loop => loop).Should().ThrowAsync<OperationCanceledException>();
    }

    /// <summary>With the epoch that it had: the zone cannot tell it from the one that left, and it used to be missing until its attachment was renewed.</summary>
    [Fact]
    public async Task APeerThatCameBackWhileItWasTakenBack_IsAnnouncedAgain()
    {
        await using var cluster = await TestCluster.StartAsync();
        using var peer = new TestPeer();
        using var gateway = new TestPeer();
        var epoch = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var returning = new ReturningPeer(new AttachedPeer(peer.Id, peer.Attach(gateway.Id, 5, DateTimeOffset.UtcNow), 1, 5));
        await using var announcer = new ZoneAnnouncer(cluster.Client, gateway.Id, () => epoch, gateway.Prove(epoch), returning, TimeProvider.System, NullLogger.Instance);
        (await announcer.AnnounceAsync(peer.Id, 5, new PeerAnnouncement(returning.Peer.SignedAttachment, 1), CancellationToken.None)).Value.Result.Should().Be(AnnounceResult.Accepted);
        (await announcer.WithdrawAsync(peer.Id, 5, CancellationToken.None)).Should().BeTrue();
        (await cluster.Client.FindPresenceAsync(peer.Id, CancellationToken.None)).Value.Should().BeNull("the withdrawal came last");
        using var stop = new CancellationTokenSource();
        var running = announcer.RunAsync(stop.Token);
        await Eventually.HoldsAsync(() => cluster.Client.FindPresenceAsync(peer.Id, CancellationToken.None), reply => reply is { IsAvailable: true, Value: not null }, "it is found again");
        await stop.CancelAsync();
        await running.Invoking(loop => loop).Should().ThrowAsync<OperationCanceledException>();
    }

    /// <summary>Its withdrawal overtook its announcement, which a silo that died had for some seconds: it used to stay in the zone's table for as long as the gateway ran.</summary>
    [Fact]
    public async Task APeerThatLeftWhileItWasAnnounced_IsTakenBack()
    {
        await using var cluster = await TestCluster.StartAsync();
        using var peer = new TestPeer();
        using var gateway = new TestPeer();
        var epoch = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var gone = new LeavingPeer(new AttachedPeer(peer.Id, peer.Attach(gateway.Id, 5, DateTimeOffset.UtcNow), 1, 5));
        gone.Snapshot();
        await using var announcer = new ZoneAnnouncer(cluster.Client, gateway.Id, () => epoch, gateway.Prove(epoch), gone, TimeProvider.System, NullLogger.Instance);
        using var given = new CancellationTokenSource();
        var announcing = announcer.AnnounceAsync(peer.Id, 5, new PeerAnnouncement(gone.Peer.SignedAttachment, 1), given.Token);
        await given.CancelAsync();
        await announcing.ContinueWith(static _ => { }, TaskScheduler.Default);
        await Eventually.HoldsAsync(() => cluster.Client.FindPresenceAsync(peer.Id, CancellationToken.None), reply => reply is { IsAvailable: true, Value: not null }, "it was announced although nobody waited");
        using var stop = new CancellationTokenSource();
        var running = announcer.RunAsync(stop.Token);
        await Eventually.HoldsAsync(() => cluster.Client.FindPresenceAsync(peer.Id, CancellationToken.None), reply => reply is { IsAvailable: true, Value: null }, "it is not found any more");
        await stop.CancelAsync();
        await running.Invoking(loop => loop).Should().ThrowAsync<OperationCanceledException>();
    }

    /// <summary>Attached when it is announced, not when its withdrawal is sent, and attached when that was answered.</summary>
    private sealed class ReturningPeer(AttachedPeer peer) : IAttachedPeers
    {
        private int _looks;

        internal AttachedPeer Peer => peer;

        public IReadOnlyCollection<AttachedPeer> Snapshot() => [peer];

        public ulong? EpochOf(PeerId wanted) => Interlocked.Increment(ref _looks) == 2 ? null : peer.Epoch;

        public void Deliver(GatewayCommand command)
        {
        }

        public void Superseded(PeerId superseded, ulong byEpoch)
        {
        }
    }

    /// <summary>Attached when first looked at, and gone before the next look.</summary>
    private sealed class LeavingPeer(AttachedPeer peer) : IAttachedPeers
    {
        private int _looks;

        internal int Looks => Volatile.Read(ref _looks);

        internal AttachedPeer Peer => peer;

        public IReadOnlyCollection<AttachedPeer> Snapshot() => Interlocked.Increment(ref _looks) == 1 ? [peer] : [];

        public ulong? EpochOf(PeerId peer) => null;

        public void Deliver(GatewayCommand command)
        {
        }

        public void Superseded(PeerId peer, ulong byEpoch)
        {
        }
    }
}
