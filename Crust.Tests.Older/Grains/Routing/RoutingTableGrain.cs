using Crust.Tests.Older.Contracts;
using Crust.Identity;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Crust.Tests.Older.Grains.Routing;

/// <summary>One zone's table: the shell around <see cref="RoutingLedger"/>. Reentrant, because every step on the ledger is synchronous.</summary>
/// <remarks>Random placement: 16 zones spread over the silos, and every gateway calls every zone.</remarks>
[Reentrant, RandomPlacement]
internal sealed class RoutingTableGrain(ServedNetwork network, TimeProvider timeProvider, ILogger<RoutingTableGrain> logger) : Grain, IRoutingTableGrain
{
    /// <summary>Most losers that wait to be told. Ours: the oldest is forgotten then, and told when its gateway announces it next.</summary>
    private const int MaxLosers = 4096;

    private readonly ulong _epoch = ActivationEpoch.Draw();
    private readonly Queue<Superseded> _losers = new();
    private RoutingLedger _ledger = null!;
    private IGrainTimer _tellLosers = null!;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (!GrainKeys.TryParseZone(this.GetPrimaryKeyString(), network.Id, out var zone))
            throw new ArgumentException("This key is not a zone of the network that this silo serves.");
        _ledger = new RoutingLedger(network.Id, zone);
        // Told by a timer and not within the winner's call: the loser's mailbox may be on a silo that just died.
        _tellLosers = this.RegisterGrainTimer(
            TellLosersAsync, new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { Interleave = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<AnnounceReply> AnnounceAsync(PeerId gatewayId, ulong gatewayEpoch, PeerAnnouncement[] batch)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Length, IRoutingTableGrain.MaxBatch);
        var now = timeProvider.GetUtcNow();
        var outcomes = new AnnounceOutcome[batch.Length];
        if (!_ledger.Hear(gatewayId, gatewayEpoch, now))
        {
            Array.Fill(outcomes, new AnnounceOutcome(AnnounceResult.GatewaySuperseded, 0));
            return Task.FromResult(new AnnounceReply(_epoch, outcomes));
        }

        var losers = new List<Superseded>();
        for (var i = 0; i < batch.Length; i++)
            outcomes[i] = _ledger.Announce(gatewayId, batch[i], now, losers);
        foreach (var loser in losers)
        {
            if (_losers.Count == MaxLosers)
                _losers.Dequeue();
            _losers.Enqueue(loser);
        }

        if (losers.Count > 0)
            _tellLosers.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        return Task.FromResult(new AnnounceReply(_epoch, outcomes));
    }

    /// <inheritdoc/>
    public Task WithdrawAsync(PeerId gatewayId, PeerWithdrawal[] batch)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Length, IRoutingTableGrain.MaxBatch);
        foreach (var withdrawal in batch)
            _ledger.Withdraw(gatewayId, withdrawal.Peer, withdrawal.Epoch);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<PeerPresence?> FindAsync(PeerId peer) => Task.FromResult(_ledger.Find(peer));

    /// <inheritdoc/>
    public Task<PeerPresence[]> FindClosestAsync(byte[] target, int count) => Task.FromResult(_ledger.FindClosest(target, count));

    /// <inheritdoc/>
    public Task<ulong> GetEpochAsync() => Task.FromResult(_epoch);

    /// <inheritdoc/>
    public Task<ZoneStatus> RefreshAsync(GatewayLife[] liveGateways, bool isComplete)
    {
        _ledger.Refresh(liveGateways, isComplete, timeProvider.GetUtcNow());
        return Task.FromResult(new ZoneStatus(_epoch, _ledger.Count));
    }

    private async Task TellLosersAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested && _losers.TryDequeue(out var loser))
        {
            // A process that attached again at the same gateway is known there already; telling it does no harm.
            try
            {
                await GrainFactory.GetGrain<IGatewayGrain>(GrainKeys.Gateway(network.Id, loser.Gateway))
                    .EnqueueAsync(new SupersededCommand(loser.Peer, loser.ByEpoch));
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                GrainLog.NotTold(logger, loser.Gateway, loser.Peer, e.Message);
            }
        }
    }
}
