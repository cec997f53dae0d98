using Orleans.Runtime;
using Orleans.Storage;

namespace Crust.Silo.Storage;

/// <summary>
/// Storage over a network, as grains may rely on it: an answer or a <see cref="StorageUnavailableException"/> within a bound, a bound on what is under way,
/// and a state object that nothing touches after that. Conflicts and states that are too large pass through as they are.
/// </summary>
/// <param name="inner">The provider that reads and writes.</param>
/// <param name="serializer">The provider's serializer, which refuses what is too large. It is asked first: providers wrap its refusal in errors of their own.</param>
/// <param name="timeProvider">The clock of the bound.</param>
internal sealed class GuardedGrainStorage(IGrainStorage inner, BoundedSerializer serializer, TimeProvider timeProvider) : IGrainStorage, IStorageStatus
{
    /// <summary>
    /// How long an operation may take. Ours: a grain that writes, and reads when the write's fate is unknown, has answered its caller within the 5 s that the
    /// caller waits.
    /// </summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.8);

    /// <summary>Most operations under way; beyond, they are refused at once. Ours: a second of a slow storage's work.</summary>
    internal const int Capacity = 4096;

    private static readonly GrainId ProbeId = GrainId.Create("probe", "probe");

    private int _underWay;
    private volatile string? _fault;

    /// <inheritdoc/>
    public long? Count => null;

    /// <inheritdoc/>
    public string? Fault => _fault;

    /// <inheritdoc/>
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        RunAsync<T>("read", grainState, (copy, token) => inner.ReadStateAsync(stateName, grainId, copy, token));

    /// <inheritdoc/>
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        serializer.Serialize(grainState.State);
        return RunAsync<T>("write", grainState, (copy, token) => inner.WriteStateAsync(stateName, grainId, copy, token));
    }

    /// <inheritdoc/>
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        RunAsync<T>("clear", grainState, (copy, token) => inner.ClearStateAsync(stateName, grainId, copy, token));

    /// <inheritdoc/>
    public async Task ProbeAsync()
    {
        if (_fault is null)
            return;
        try
        {
            await ReadStateAsync("probe", ProbeId, new GrainState<ProbeState>());
        }
        catch (StorageUnavailableException)
        {
            // It is not: the fault says so.
        }
    }

    private async Task RunAsync<T>(string verb, IGrainState<T> grainState, Func<IGrainState<T>, CancellationToken, Task> operation)
    {
        if (Interlocked.Increment(ref _underWay) > Capacity)
        {
            Interlocked.Decrement(ref _underWay);
            throw new StorageUnavailableException("Too many operations wait for storage.");
        }

        // What comes after the bound must not change the grain's state behind its back.
        var copy = new GrainState<T> { State = grainState.State, ETag = grainState.ETag, RecordExists = grainState.RecordExists };
        var running = RunOneAsync(token => operation(copy, token));
        try
        {
            await running.WaitAsync(Patience, timeProvider);
        }
        catch (InconsistentStateException)
        {
            _fault = null;
            throw;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _fault = e is TimeoutException or OperationCanceledException ? $"no answer to a {verb} in {Patience.TotalSeconds:0.0} s" : FirstLine(e.GetBaseException().Message);
            throw new StorageUnavailableException($"Storage did not confirm a {verb}: {_fault}", e);
        }

        _fault = null;
        (grainState.State, grainState.ETag, grainState.RecordExists) = (copy.State, copy.ETag, copy.RecordExists);
    }

    /// <summary>Counts the operation until it ends, which may be after the caller was told that it is not waited for: not every provider lets go when asked.</summary>
    private async Task RunOneAsync(Func<CancellationToken, Task> operation)
    {
        using var ended = new CancellationTokenSource(Patience, timeProvider);
        try
        {
            await operation(ended.Token);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private static string FirstLine(string text) => text.AsSpan().IndexOfAny('\r', '\n') is >= 0 and var end ? text[..end] : text;

    /// <summary>The state of a grain that is nowhere.</summary>
    [GenerateSerializer, Alias("crust.ProbeState")]
    internal sealed class ProbeState;
}
