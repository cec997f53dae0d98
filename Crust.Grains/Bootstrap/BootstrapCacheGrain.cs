using Crust.Grains.Abstractions;
using Crust.Grains.Orders;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Storage;

namespace Crust.Grains.Bootstrap;

/// <summary>
/// One shard of the bootstrap cache: the shell around <see cref="BootstrapLedger"/>. A timer prunes, learns which gateways live and writes what changed. The first call reads storage, not the
/// activation: while it is away reports are refused by name and nothing is told, so that gateways go on with what they know instead of taking an empty shard for the truth.
/// </summary>
/// <remarks>Random placement: 16 shards spread over the silos, and every gateway calls every shard.</remarks>
[Reentrant, RandomPlacement]
internal sealed class BootstrapCacheGrain(
    [FromKeyedServices(GrainServices.StorageName)] IGrainStorage storage,
    ServedNetwork network,
    PolicyCache policy,
    TimeProvider timeProvider,
    ILogger<BootstrapCacheGrain> logger) : Grain, IBootstrapCacheGrain
{
    /// <summary>The state's name in storage.</summary>
    private const string StateName = "bootstrap";

    private BootstrapLedger _ledger = null!;

    /// <summary>What storage held when it was last read or written.</summary>
    private GrainState<BootstrapState> _stored = new();

    /// <summary>The first reading, while it is under way: calls interleave, and all wait for the same.</summary>
    private Task<bool>? _loading;

    private bool _hasLoaded;

    /// <summary>The ledger's version that storage has.</summary>
    private ulong _written;

    private bool _isWriting;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (!GrainKeys.TryParseBootstrap(this.GetPrimaryKeyString(), network.Id, out var shard))
            throw new ArgumentException("This key is not a shard of the bootstrap cache of the network that this silo serves.");
        _ledger = new BootstrapLedger(network.Id, shard, peer => policy.Rules?.Allows(peer) != false);
        Repeat(_ => Prune(), BootstrapRules.PrunePeriod, BootstrapRules.PrunePeriod);
        Repeat(_ => WriteAsync(), BootstrapRules.WritePeriod, BootstrapRules.WritePeriod);
        Repeat(_ => LearnGatewaysAsync(), TimeSpan.Zero, BootstrapRules.DirectoryPeriod);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => WriteAsync();

    /// <inheritdoc/>
    public async Task<BootstrapReply> ReportAsync(BootstrapReport[] batch)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Length, IBootstrapCacheGrain.MaxBatch);
        if (!await TryLoadAsync())
            return new BootstrapReply(Array.ConvertAll(batch, _ => BootstrapResult.StorageUnavailable));
        var now = timeProvider.GetUtcNow();
        return new BootstrapReply(Array.ConvertAll(batch, report => _ledger.Report(report, now)));
    }

    /// <inheritdoc/>
    public async Task<BootstrapShard?> ReadAsync(ulong knownVersion)
    {
        if (!await TryLoadAsync())
            throw new OrleansException("Storage does not answer.");
        return knownVersion == _ledger.Version ? null : new BootstrapShard(_ledger.Version, (ulong)timeProvider.GetUtcNow().ToUnixTimeMilliseconds(), _ledger.Entries);
    }

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
        if (_isWriting || !_hasLoaded || _ledger.Version == _written)
            return;
        _isWriting = true;
        try
        {
            var version = _ledger.Version;
            var state = new GrainState<BootstrapState>(new BootstrapState { Entries = _ledger.Entries }, _stored.ETag) { RecordExists = _stored.RecordExists };
            await storage.WriteStateAsync(StateName, this.GetGrainId(), state);
            _stored = state;
            _written = version;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            GrainLog.ShardNotWritten(logger, this.GetPrimaryKeyString(), e.Message);
            await TryReadAsync();
        }
        finally
        {
            _isWriting = false;
        }
    }

    /// <summary>True once storage was read.</summary>
    private async Task<bool> TryLoadAsync()
    {
        if (_hasLoaded)
            return true;
        var loading = _loading ??= TryReadAsync();
        var isRead = await loading;
        if (_loading == loading)
            _loading = null;
        if (isRead && !_hasLoaded)
        {
            _hasLoaded = true;
            // What was dropped on the way is to be dropped in storage too.
            _written = _ledger.Count == _stored.State!.Entries.Length ? _ledger.Version : 0;
        }

        return isRead;
    }

    /// <summary>Reads storage and merges what it has.</summary>
    private async Task<bool> TryReadAsync()
    {
        try
        {
            var state = new GrainState<BootstrapState>();
            await storage.ReadStateAsync(StateName, this.GetGrainId(), state);
            _stored = state;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            GrainLog.ReadFailed(logger, this.GetPrimaryKeyString(), e.Message);
            return false;
        }

        _ledger.Load(_stored.State!.Entries, timeProvider.GetUtcNow());
        return true;
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
