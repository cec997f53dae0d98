using Crust.Grains.Abstractions;
using Crust.Grains.Gateways;
using Crust.Grains.Orders;
using Crust.Identity;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Crust.Grains.Routing;

/// <summary>One zone's table: the shell around <see cref="RoutingLedger"/>. Reentrant, because every step on the ledger is synchronous.</summary>
/// <remarks>Random placement: 16 zones spread over the silos, and every gateway calls every zone.</remarks>
[Reentrant, RandomPlacement]
internal sealed class RoutingTableGrain(ServedNetwork network, GrainRules grainRules, PolicyCache policy, TimeProvider timeProvider, ILogger<RoutingTableGrain> logger)
    : Grain, IRoutingTableGrain, IIncomingGrainCallFilter
{
    /// <summary>Most losers that wait to be told. Ours: the oldest is forgotten then, and told when its gateway announces it next.</summary>
    private const int MaxLosers = 4096;

    /// <summary>Most peers whose records wait to be fetched. Ours: beyond, they are fetched when they are looked up again.</summary>
    private const int MaxWanted = 4096;

    /// <summary>Records fetched at a time.</summary>
    private const int FetchedAtATime = 32;

    private readonly ulong _epoch = ActivationEpoch.Draw();
    private readonly GatewayProofs _proofs = new(network.Id, grainRules.AcceptsUnprovenGateways);
    private readonly Queue<Superseded> _losers = new();
    private readonly HashSet<PeerId> _wanted = [];
    private RoutingLedger _ledger = null!;
    private ulong _policyVersion;
    private IGrainTimer _tellLosers = null!;
    private IGrainTimer _fetchRecords = null!;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (!GrainKeys.TryParseZone(this.GetPrimaryKeyString(), network.Id, out var zone))
            throw new ArgumentException("This key is not a zone of the network that this silo serves.");
        _ledger = new RoutingLedger(network.Id, zone, peer => policy.Rules?.Allows(peer) != false);
        // Told by a timer and not within the winner's call: the loser's mailbox may be on a silo that just died.
        _tellLosers = this.RegisterGrainTimer(
            TellLosersAsync, new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { Interleave = true });
        // Not within the look-up: an answer does not wait for storage, and a batch not for its slowest peer.
        _fetchRecords = this.RegisterGrainTimer(
            FetchRecordsAsync, new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { Interleave = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task Invoke(IIncomingGrainCallContext context)
    {
        // The directory's own call.
        if (context.MethodName == nameof(RefreshAsync))
            Insiders.Require(context);
        return context.Invoke();
    }

    /// <inheritdoc/>
    public Task<AnnounceReply> AnnounceAsync(PeerId gatewayId, ulong gatewayEpoch, PeerAnnouncement[] batch) => AnnounceAsync(gatewayId, gatewayEpoch, batch, null);

    /// <inheritdoc/>
    public Task<AnnounceReply> AnnounceProvenAsync(PeerId gatewayId, ulong gatewayEpoch, PeerAnnouncement[] batch, GatewayProof proof) =>
        AnnounceAsync(gatewayId, gatewayEpoch, batch, proof);

    private Task<AnnounceReply> AnnounceAsync(PeerId gatewayId, ulong gatewayEpoch, PeerAnnouncement[] batch, GatewayProof? proof)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Length, IRoutingTableGrain.MaxBatch);
        var now = timeProvider.GetUtcNow();
        var outcomes = new AnnounceOutcome[batch.Length];
        if (!_proofs.Holds(gatewayId, gatewayEpoch, proof))
        {
            Array.Fill(outcomes, new AnnounceOutcome(AnnounceResult.Unproven, 0));
            return Task.FromResult(new AnnounceReply(_epoch, outcomes));
        }

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
    public Task WithdrawAsync(PeerId gatewayId, PeerWithdrawal[] batch) => Task.FromResult(Withdraw(gatewayId, batch, null));

    /// <inheritdoc/>
    public Task<bool> WithdrawProvenAsync(PeerId gatewayId, PeerWithdrawal[] batch, GatewayProof proof) => Task.FromResult(Withdraw(gatewayId, batch, proof));

    /// <inheritdoc/>
    public Task<PeerPresence?> FindAsync(PeerId peer) => Task.FromResult(_ledger.Find(peer));

    /// <inheritdoc/>
    public Task<PeerFinding[]> LookUpAsync(PeerId[] peers)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(peers.Length, IRoutingTableGrain.MaxLookUps);
        var now = timeProvider.GetUtcNow();
        var found = new PeerFinding[peers.Length];
        var isWanted = false;
        for (var i = 0; i < peers.Length; i++)
        {
            found[i] = _ledger.LookUp(peers[i], now);
            isWanted |= found[i] is { Presence: not null, SignedRecord: null } && _wanted.Count < MaxWanted && _wanted.Add(peers[i]);
        }

        if (isWanted)
            _fetchRecords.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        return Task.FromResult(found);
    }

    /// <inheritdoc/>
    public Task<PeerPresence[]> FindClosestAsync(byte[] target, int count) => Task.FromResult(_ledger.FindClosest(target, count));

    /// <inheritdoc/>
    public Task<ulong> GetEpochAsync() => Task.FromResult(_epoch);

    /// <inheritdoc/>
    public Task<ZoneStatus> RefreshAsync(GatewayLife[] liveGateways, bool isComplete)
    {
        _ledger.Refresh(liveGateways, isComplete, timeProvider.GetUtcNow());
        if (_policyVersion != policy.Version)
        {
            _policyVersion = policy.Version;
            _ledger.DropDenied();
        }

        return Task.FromResult(new ZoneStatus(_epoch, _ledger.Count));
    }

    private bool Withdraw(PeerId gatewayId, PeerWithdrawal[] batch, GatewayProof? proof)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Length, IRoutingTableGrain.MaxBatch);
        if (!_proofs.Holds(gatewayId, null, proof))
            return false;
        foreach (var withdrawal in batch)
            _ledger.Withdraw(gatewayId, withdrawal.Peer, withdrawal.Epoch);
        return true;
    }

    private async Task FetchRecordsAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested && _wanted.Count > 0)
        {
            PeerId[] batch = [.. _wanted.Take(FetchedAtATime)];
            await Task.WhenAll(batch.Select(FetchRecordAsync));
            _wanted.ExceptWith(batch);
        }
    }

    private async Task FetchRecordAsync(PeerId peer)
    {
        try
        {
            if (await GrainFactory.GetGrain<IPeerGrain>(GrainKeys.Peer(network.Id, peer)).GetRecordAsync() is { } signedRecord)
                _ledger.Remember(peer, signedRecord, timeProvider.GetUtcNow());
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            GrainLog.NotFetched(logger, peer, e.Message);
        }
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
