using Crust.Grains.Abstractions;
using Crust.Identity;
using Microsoft.Extensions.Logging;
using Orleans.Placement;

namespace Crust.Grains.Orders;

/// <summary>The network's orders, persisted: the shell around <see cref="OrderLedger"/>. Only storage's answer makes an order count.</summary>
/// <remarks>Random placement: one activation for the network, read by each silo once a second and by gateways when something changed.</remarks>
[RandomPlacement]
internal sealed class OperatorOrdersGrain : Grain, IOperatorOrdersGrain
{
    private readonly ServedNetwork _network;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger<OperatorOrdersGrain> _logger;
    private readonly OrderLedger _ledger;
    private readonly IPersistentState<OrderPageState>[] _pages;

    /// <summary>Parts whose last write's fate is unknown, and that could not be read since.</summary>
    private readonly bool[] _isUncertain = new bool[OrderLedger.PageCount];

    public OperatorOrdersGrain(
        IPersistentStateFactory states, IGrainContextAccessor context, ServedNetwork network, GrainRules rules, TimeProvider timeProvider, ILogger<OperatorOrdersGrain> logger)
    {
        _network = network;
        _timeProvider = timeProvider;
        _logger = logger;
        _ledger = new OrderLedger(network.Id, rules.Operators);
        // Each part is a row of its own in storage, read before the activation.
        _pages = [.. Enumerable.Range(0, OrderLedger.PageCount)
            .Select(page => states.Create<OrderPageState>(context.GrainContext, new PersistentStateAttribute($"orders{page}", GrainServices.StorageName)))];
    }

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (this.GetPrimaryKeyString() != GrainKeys.Orders(_network.Id))
            throw new ArgumentException("This key is not the orders of the network that this silo serves.");
        for (var page = 0; page < _pages.Length; page++)
            _ledger.Load(page, _pages[page].State);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<OrderResult> SubmitAsync(byte[] signedOrder)
    {
        for (var page = 0; page < _pages.Length; page++)
        {
            // An order of unknown fate may have used up its number.
            if (_isUncertain[page] && !await TryReadAsync(page))
                return OrderResult.StorageUnavailable;
        }

        for (var attempt = 0; attempt < 2; attempt++)
        {
            var result = _ledger.Consider(signedOrder, _timeProvider.GetUtcNow(), out var order, out var page, out var next);
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
                GrainLog.OrderTaken(_logger, order!.Operator, order.Kind, order.Subject, order.Reason);
            else
                GrainLog.OrderRefused(_logger, result);
            return result;
        }

        return OrderResult.StorageUnavailable;
    }

    /// <inheritdoc/>
    public Task<PolicyChanges?> ReadAsync(ulong knownVersion) => Task.FromResult(_ledger.Since(knownVersion));

    /// <inheritdoc/>
    public Task<PolicyOrder[]> GetAuditAsync(int count) => Task.FromResult(_ledger.Audit(count));

    /// <inheritdoc/>
    public Task<ulong> GetLastNumberAsync(PeerId operatorId) => Task.FromResult(_ledger.LastNumber(operatorId));

    private async Task<bool> TryWriteAsync(int page, OrderPageState next)
    {
        try
        {
            _pages[page].State = next;
            await _pages[page].WriteStateAsync();
            _ledger.Load(page, next);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            GrainLog.OrderNotWritten(_logger, e.Message);
            _isUncertain[page] = true;
            return false;
        }
    }

    private async Task<bool> TryReadAsync(int page)
    {
        try
        {
            await _pages[page].ReadStateAsync();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            GrainLog.PolicyAway(_logger, e.Message);
            return false;
        }

        _isUncertain[page] = false;
        _ledger.Load(page, _pages[page].State);
        return true;
    }
}
