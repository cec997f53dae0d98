namespace Crust.Primitives.Driver;

/// <summary>A pause between two tries, which ends early when there is reason to try at once. Thread safe.</summary>
internal sealed class BreakablePause(TimeProvider timeProvider)
{
    private TaskCompletionSource _broken = New();

    /// <summary>Ends the pauses that are under way, and no later one.</summary>
    internal void Break() => Interlocked.Exchange(ref _broken, New()).TrySetResult();

    /// <summary>Pauses.</summary>
    /// <returns>True when it was broken.</returns>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    internal async Task<bool> WaitAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            await Volatile.Read(ref _broken).Task.WaitAsync(time, timeProvider, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
