using Crust.Access;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Microsoft.Extensions.Logging;

namespace Crust.Grains.Orders;

/// <summary>
/// What operators ordered, as this silo knows it: read once a second, so that no request asks a grain. Each order is verified again, since it may come from another silo. Without operators there is
/// nothing to read, and everyone may attach. Thread safe.
/// </summary>
internal sealed class PolicyCache(IGrainFactory grains, ServedNetwork network, GrainRules grainRules, TimeProvider timeProvider, ILogger<PolicyCache> logger)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    /// <summary>How long a silo's start waits for the first look. Ours: as long as a call may take.</summary>
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private OperatorPolicy _policy = new();
    private volatile Known? _known = grainRules.Operators.Count == 0 ? new Known(0, AccessRules.Everyone) : null;
    private volatile TaskCompletionSource _change = NewSignal();
    private Task _loop = Task.CompletedTask;

    /// <summary>Who may attach; null while that is not known: only until the first look succeeds.</summary>
    internal AccessRules? Rules => _known?.Rules;

    /// <summary>The version; 0 before the first order and while nothing is known.</summary>
    internal ulong Version => _known?.Version ?? 0;

    /// <summary>Ends with the next change.</summary>
    internal Task NextChange => _change.Task;

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle observer)
    {
        if (grainRules.Operators.Count > 0)
            observer.Subscribe(nameof(PolicyCache), ServiceLifecycleStage.Active, StartAsync, StopAsync);
    }

    public void Dispose() => _stop.Dispose();

    /// <summary>Takes what was read. Orders that do not verify are left out.</summary>
    internal void Take(PolicyChanges changes)
    {
        var policy = changes.IsWhole ? new OperatorPolicy() : _policy;
        foreach (var taken in changes.Orders)
        {
            if (OperatorOrder.TryVerify(taken.Signed, network.Id, out var order) && grainRules.Operators.Contains(order!.Operator))
                policy.Apply(order);
        }

        _policy = policy;
        _known = new Known(changes.Version, policy.ToRules());
        var change = _change;
        _change = NewSignal();
        change.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        patience.CancelAfter(StartPatience);
        await ReadAsync(patience.Token);
        _loop = Task.Run(RunAsync, CancellationToken.None);
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _loop;
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(Timing.PolicyPeriod, timeProvider, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_stop.IsCancellationRequested)
                await ReadAsync(_stop.Token);
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var changes = await grains.GetGrain<IOperatorOrdersGrain>(GrainKeys.Orders(network.Id)).ReadAsync(Version).WaitAsync(cancellationToken);
            if (changes is not null)
                Take(changes);
            else if (_known is null)
                Take(new PolicyChanges(0, true, []));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            if (!_stop.IsCancellationRequested)
                GrainLog.PolicyAway(logger, e.Message);
        }
    }

    private sealed record Known(ulong Version, AccessRules Rules);
}
