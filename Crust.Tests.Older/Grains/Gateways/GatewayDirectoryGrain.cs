using Crust.Tests.Older.Contracts;
using Crust.Identity;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Crust.Tests.Older.Grains.Gateways;

/// <summary>The network's directory: the shell around <see cref="DirectoryLedger"/>. A timer tells the zones who lives and learns their epochs.</summary>
/// <remarks>Random placement: one activation for the network, called once in two seconds by each mailbox.</remarks>
[Reentrant, RandomPlacement]
internal sealed class GatewayDirectoryGrain(ServedNetwork network, TimeProvider timeProvider, ILogger<GatewayDirectoryGrain> logger)
    : Grain, IGatewayDirectoryGrain
{
    private readonly DirectoryLedger _ledger = new(timeProvider.GetUtcNow());

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (this.GetPrimaryKeyString() != GrainKeys.Directory(network.Id))
            throw new ArgumentException("This key is not the directory of the network that this silo serves.");
        this.RegisterGrainTimer(RefreshZonesAsync, new GrainTimerCreationOptions(TimeSpan.Zero, Timing.DirectoryPeriod) { Interleave = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<GatewayDirectorySnapshot?> HeartbeatAsync(PeerId gatewayId, GatewayHeartbeat heartbeat, ulong knownVersion)
    {
        _ledger.Hear(gatewayId, heartbeat, timeProvider.GetUtcNow());
        return Task.FromResult(_ledger.Version == knownVersion ? null : _ledger.Snapshot());
    }

    /// <inheritdoc/>
    public Task<GatewayDirectorySnapshot> GetSnapshotAsync()
    {
        _ledger.Expire(timeProvider.GetUtcNow());
        return Task.FromResult(_ledger.Snapshot());
    }

    private Task RefreshZonesAsync(CancellationToken cancellationToken)
    {
        var now = timeProvider.GetUtcNow();
        _ledger.Expire(now);
        var lives = _ledger.Lives();
        var isComplete = _ledger.IsComplete(now);
        return Task.WhenAll(Enumerable.Range(0, GrainKeys.ZoneCount).Select(zone => RefreshZoneAsync(zone, lives, isComplete)));
    }

    private async Task RefreshZoneAsync(int zone, GatewayLife[] lives, bool isComplete)
    {
        try
        {
            _ledger.SetZone(zone, await GrainFactory.GetGrain<IRoutingTableGrain>(GrainKeys.Zone(network.Id, zone)).RefreshAsync(lives, isComplete));
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            GrainLog.ZoneAway(logger, zone, e.Message);
        }
    }
}
