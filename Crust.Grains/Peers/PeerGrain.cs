using Crust.Grains.Abstractions;
using Crust.Grains.Orders;
using Crust.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Placement;
using Orleans.Storage;

namespace Crust.Grains.Peers;

/// <summary>One peer's record, persisted: the shell around <see cref="PeerLedger"/>. Only storage's answer makes a record count.</summary>
/// <remarks>Random placement: peers have no home, and any silo's storage is the same.</remarks>
[RandomPlacement, CollectionAgeLimit(Minutes = 2)]
internal sealed class PeerGrain(
    [FromKeyedServices(GrainServices.StorageName)] IGrainStorage storage,
    ServedNetwork network,
    PolicyCache policy,
    TimeProvider timeProvider,
    ILogger<PeerGrain> logger) : Grain, IPeerGrain
{
    /// <summary>The state's name in storage.</summary>
    private const string StateName = "record";

    /// <summary>Null for a key of another network.</summary>
    private PeerLedger? _ledger;

    private PeerId _peer;

    /// <summary>What storage held when it was last read or written.</summary>
    private GrainState<PeerState> _stored = new();

    /// <summary>
    /// True when what storage holds is not known: before it was read for the first time, or when the last write's fate is unknown and it could not be read
    /// since. The first call reads, not the activation, so that storage that is away is an answer and not a grain that cannot be reached.
    /// </summary>
    private bool _isUncertain = true;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (GrainKeys.TryParsePeer(this.GetPrimaryKeyString(), network.Id, out _peer))
            _ledger = new PeerLedger(_peer, network.Id);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<byte[]?> GetRecordAsync()
    {
        if (policy.Rules?.Allows(_peer) == false)
            return null;
        // After a write of unknown fate the last known record serves.
        if (_ledger is { HasLoaded: false } && !await TryReadAsync())
            throw new OrleansException("Storage does not answer.");
        return _ledger?.Current(timeProvider.GetUtcNow());
    }

    /// <inheritdoc/>
    public async Task<RegisterResult> RegisterAsync(byte[] signedRecord)
    {
        if (_ledger is null)
            return RegisterResult.Invalid;
        // Not known yet, just after the silo started and with storage away: then nothing can be stored anyway.
        if (policy.Rules is not { } rules)
            return RegisterResult.StorageUnavailable;
        if (!rules.Allows(_peer))
            return RegisterResult.Denied;
        if (_isUncertain && !await TryReadAsync())
            return RegisterResult.StorageUnavailable;
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var result = _ledger.Consider(signedRecord, timeProvider.GetUtcNow(), out var next);
            if (result != RegisterResult.Accepted)
            {
                // Unchanged at the second attempt: the write of unknown outcome had succeeded.
                return attempt > 0 && result == RegisterResult.Unchanged ? RegisterResult.Accepted : result;
            }

            if (await TryWriteAsync(next!))
            {
                _ledger.Confirm(next!);
                return RegisterResult.Accepted;
            }

            // A conflict or an unknown outcome: what storage holds now decides, by sequence number.
            if (!await TryReadAsync())
                return RegisterResult.StorageUnavailable;
        }

        return RegisterResult.StorageUnavailable;
    }

    private async Task<bool> TryWriteAsync(PeerState next)
    {
        try
        {
            var state = new GrainState<PeerState>(next, _stored.ETag) { RecordExists = _stored.RecordExists };
            await storage.WriteStateAsync(StateName, this.GetGrainId(), state);
            _stored = state;
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            GrainLog.WriteFailed(logger, this.GetPrimaryKeyString(), e.Message);
            _isUncertain = true;
            return false;
        }
    }

    private async Task<bool> TryReadAsync()
    {
        try
        {
            var state = new GrainState<PeerState>();
            await storage.ReadStateAsync(StateName, this.GetGrainId(), state);
            _stored = state;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            GrainLog.ReadFailed(logger, this.GetPrimaryKeyString(), e.Message);
            return false;
        }

        _isUncertain = false;
        _ledger!.Load(_stored.State!);
        return true;
    }
}
