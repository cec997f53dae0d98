using Crust.Grains.Abstractions;
using Crust.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Placement;
using Orleans.Storage;

namespace Crust.Grains.Orders;

/// <summary>The network's orders, persisted: the shell around <see cref="OrderLedger"/>. Only storage's answer makes an order count.</summary>
/// <remarks>Random placement: one activation for the network, read by each silo once a second and by gateways when something changed.</remarks>
[RandomPlacement]
internal sealed class OperatorOrdersGrain(
    [FromKeyedServices(GrainServices.StorageName)] IGrainStorage storage,
    ServedNetwork network,
    GrainRules rules,
    TimeProvider timeProvider,
    ILogger<OperatorOrdersGrain> logger) : Grain, IOperatorOrdersGrain
{
    private readonly OrderLedger _ledger = new(network.Id, rules.Operators);

    /// <summary>What storage held of each part, a row of its own, when it was last read or written.</summary>
    private readonly GrainState<OrderPageState>[] _stored = [.. Enumerable.Range(0, OrderLedger.PageCount).Select(_ => new GrainState<OrderPageState>())];

    /// <summary>
    /// Parts of which it is not known what storage holds: before they were read for the first time, or when the last write's fate is unknown and they could not be
    /// read since. The first call reads, not the activation, so that storage that is away is an answer and not a grain that cannot be reached.
    /// </summary>
    private readonly bool[] _isUncertain = [.. Enumerable.Repeat(true, OrderLedger.PageCount)];

    /// <summary>True once every part was read.</summary>
    private bool _hasLoaded;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        this.GetPrimaryKeyString() == GrainKeys.Orders(network.Id)
            ? Task.CompletedTask
            : throw new ArgumentException("This key is not the orders of the network that this silo serves.");

    /// <inheritdoc/>
    public async Task<OrderResult> SubmitAsync(byte[] signedOrder)
    {
        // An order of unknown fate may have used up its number.
        if (!await TryReadUncertainAsync())
            return OrderResult.StorageUnavailable;
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var result = _ledger.Consider(signedOrder, timeProvider.GetUtcNow(), out var order, out var page, out var next);
            // Unchanged at the second attempt: the write of unknown outcome had succeeded.
            if (attempt > 0 && result == OrderResult.Unchanged)
                result = OrderResult.Accepted;
            else if (result == OrderResult.Accepted && !await TryWriteAsync(page, next!))
            {
                // A conflict or an unknown outcome: what storage holds now decides, by number.
                if (await TryReadAsync(page))
                    continue;
                result = OrderResult.StorageUnavailable;
            }

            if (result == OrderResult.Accepted)
                GrainLog.OrderTaken(logger, order!.Operator, order.Kind, order.Subject, order.Reason);
            else
                GrainLog.OrderRefused(logger, result);
            return result;
        }

        return OrderResult.StorageUnavailable;
    }

    /// <inheritdoc/>
    public async Task<PolicyChanges?> ReadAsync(ulong knownVersion)
    {
        await RequireLoadedAsync();
        return _ledger.Since(knownVersion);
    }

    /// <inheritdoc/>
    public async Task<PolicyOrder[]> GetAuditAsync(int count)
    {
        await RequireLoadedAsync();
        return _ledger.Audit(count);
    }

    /// <inheritdoc/>
    public async Task<ulong> GetLastNumberAsync(PeerId operatorId)
    {
        await RequireLoadedAsync();
        return _ledger.LastNumber(operatorId);
    }

    private static string StateName(int page) => $"orders{page}";

    /// <summary>After a write of unknown fate the last known orders serve; before the first reading nothing does.</summary>
    private async Task RequireLoadedAsync()
    {
        if (!_hasLoaded && !await TryReadUncertainAsync())
            throw new OrleansException("Storage does not answer.");
    }

    /// <summary>Reads the parts that are uncertain, all at once: one after the other could take longer than a caller waits.</summary>
    private async Task<bool> TryReadUncertainAsync()
    {
        var readings = await Task.WhenAll(Enumerable.Range(0, OrderLedger.PageCount).Where(page => _isUncertain[page]).Select(TryReadAsync));
        if (Array.Exists(readings, isRead => !isRead))
            return false;
        _hasLoaded = true;
        return true;
    }

    private async Task<bool> TryWriteAsync(int page, OrderPageState next)
    {
        try
        {
            var state = new GrainState<OrderPageState>(next, _stored[page].ETag) { RecordExists = _stored[page].RecordExists };
            await storage.WriteStateAsync(StateName(page), this.GetGrainId(), state);
            _stored[page] = state;
            _ledger.Load(page, next);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            GrainLog.OrderNotWritten(logger, e.Message);
            _isUncertain[page] = true;
            return false;
        }
    }

    private async Task<bool> TryReadAsync(int page)
    {
        try
        {
            var state = new GrainState<OrderPageState>();
            await storage.ReadStateAsync(StateName(page), this.GetGrainId(), state);
            _stored[page] = state;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            GrainLog.PolicyAway(logger, e.Message);
            return false;
        }

        _isUncertain[page] = false;
        _ledger.Load(page, _stored[page].State!);
        return true;
    }
}
