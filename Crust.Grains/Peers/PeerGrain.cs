using Crust.Grains.Abstractions;
using Crust.Grains.Orders;
using Crust.Identity;
using Microsoft.Extensions.Logging;
using Orleans.Placement;

namespace Crust.Grains.Peers;

/// <summary>One peer's record, persisted: the shell around <see cref="PeerLedger"/>. Only storage's answer makes a record count.</summary>
/// <remarks>Random placement: peers have no home, and any silo's storage is the same.</remarks>
[RandomPlacement, CollectionAgeLimit(Minutes = 2)]
internal sealed class PeerGrain(
    [PersistentState("record", GrainServices.StorageName)] IPersistentState<PeerState> storage,
    ServedNetwork network,
    PolicyCache policy,
    TimeProvider timeProvider,
    ILogger<PeerGrain> logger) : Grain, IPeerGrain
{
    /// <summary>Null for a key of another network.</summary>
    private PeerLedger? _ledger;

    private PeerId _peer;

    /// <summary>True when the last write's fate is unknown and storage could not be read since.</summary>
    private bool _isUncertain;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (GrainKeys.TryParsePeer(this.GetPrimaryKeyString(), network.Id, out _peer))
        {
            _ledger = new PeerLedger(_peer, network.Id);
            _ledger.Load(storage.State);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<byte[]?> GetRecordAsync() => Task.FromResult(policy.Rules?.Allows(_peer) == false ? null : _ledger?.Current(timeProvider.GetUtcNow()));

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
                _ledger.Load(next!);
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
            storage.State = next;
            await storage.WriteStateAsync();
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
            await storage.ReadStateAsync();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            GrainLog.ReadFailed(logger, this.GetPrimaryKeyString(), e.Message);
            return false;
        }

        _isUncertain = false;
        _ledger!.Load(storage.State);
        return true;
    }
}
