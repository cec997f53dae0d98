using Crust.Tests.Older.Contracts;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Crust.Tests.Older.Grains.Bootstrap;

/// <summary>One shard of the bootstrap cache: the shell around <see cref="BootstrapLedger"/>. A timer prunes, learns which gateways live and writes what changed.</summary>
/// <remarks>Random placement: 16 shards spread over the silos, and every gateway calls every shard.</remarks>
[Reentrant, RandomPlacement]
internal sealed class BootstrapCacheGrain(
    [PersistentState("bootstrap", GrainServices.StorageName)] IPersistentState<BootstrapState> storage,
    ServedNetwork network,
    TimeProvider timeProvider,
    ILogger<BootstrapCacheGrain> logger) : Grain, IBootstrapCacheGrain
{
    private BootstrapLedger _ledger = null!;

    /// <summary>The ledger's version that storage has.</summary>
    private ulong _written;

    private bool _isWriting;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (!GrainKeys.TryParseBootstrap(this.GetPrimaryKeyString(), network.Id, out var shard))
            throw new ArgumentException("This key is not a shard of the bootstrap cache of the network that this silo serves.");
        _ledger = new BootstrapLedger(network.Id, shard);
        _ledger.Load(storage.State.Entries, timeProvider.GetUtcNow());
        _written = _ledger.Count == storage.State.Entries.Length ? _ledger.Version : 0;
        Repeat(_ => Prune(), BootstrapRules.PrunePeriod, BootstrapRules.PrunePeriod);
        Repeat(_ => WriteAsync(), BootstrapRules.WritePeriod, BootstrapRules.WritePeriod);
        Repeat(_ => LearnGatewaysAsync(), TimeSpan.Zero, BootstrapRules.DirectoryPeriod);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => WriteAsync();

    /// <inheritdoc/>
    public Task<BootstrapReply> ReportAsync(BootstrapReport[] batch)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Length, IBootstrapCacheGrain.MaxBatch);
        var now = timeProvider.GetUtcNow();
        return Task.FromResult(new BootstrapReply(Array.ConvertAll(batch, report => _ledger.Report(report, now))));
    }

    /// <inheritdoc/>
    public Task<BootstrapShard?> ReadAsync(ulong knownVersion) => Task.FromResult(
        knownVersion == _ledger.Version ? null : new BootstrapShard(_ledger.Version, (ulong)timeProvider.GetUtcNow().ToUnixTimeMilliseconds(), _ledger.Entries));

    private void Repeat(Func<CancellationToken, Task> work, TimeSpan first, TimeSpan period) =>
        this.RegisterGrainTimer(work, new GrainTimerCreationOptions(first, period) { Interleave = true });

    private Task Prune()
    {
        _ledger.Prune(timeProvider.GetUtcNow());
        return Task.CompletedTask;
    }

    /// <summary>Writes what changed. After a conflict or an unknown outcome: re-reads, merges, and tries again when it is time.</summary>
    private async Task WriteAsync()
    {
        if (_isWriting || _ledger.Version == _written)
            return;
        _isWriting = true;
        try
        {
            var version = _ledger.Version;
            storage.State = new BootstrapState { Entries = _ledger.Entries };
            await storage.WriteStateAsync();
            _written = version;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            GrainLog.ShardNotWritten(logger, this.GetPrimaryKeyString(), e.Message);
            await TryMergeAsync();
        }
        finally
        {
            _isWriting = false;
        }
    }

    private async Task TryMergeAsync()
    {
        try
        {
            await storage.ReadStateAsync();
            _ledger.Load(storage.State.Entries, timeProvider.GetUtcNow());
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            GrainLog.ReadFailed(logger, this.GetPrimaryKeyString(), e.Message);
        }
    }

    private async Task LearnGatewaysAsync()
    {
        try
        {
            var directory = await GrainFactory.GetGrain<IGatewayDirectoryGrain>(GrainKeys.Directory(network.Id)).GetSnapshotAsync();
            _ledger.SetGateways(directory.Gateways.Select(g => g.Gateway));
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            GrainLog.DirectoryAwayFromShard(logger, this.GetPrimaryKeyString(), e.Message);
        }
    }
}
