using System.Threading.Tasks.Sources;

namespace Crust.Primitives.Driver;

/// <summary>
/// An auto-reset event to await: any number of <see cref="Set"/> calls wake the one waiter once, elsewhere than on the setter's thread. It is the
/// awaited object itself, so that waiting allocates nothing.
/// </summary>
internal sealed class AsyncSignal : IValueTaskSource
{
    private const int Idle = 0, Signalled = 1, Waiting = 2;

    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private CancellationToken _cancellation;
    private int _state;

    internal void Set()
    {
        // The usual case while a burst is queued, without the cost of an interlocked instruction. What the waiter shall see was changed under a lock that
        // it takes after it was woken.
        if (Volatile.Read(ref _state) == Signalled)
            return;
        while (true)
        {
            switch (Interlocked.CompareExchange(ref _state, Signalled, Idle))
            {
                case Waiting when Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting:
                    _core.SetResult(true);
                    return;
                case Idle or Signalled:
                    return;
            }
        }
    }

    /// <summary>Waits for the next <see cref="Set"/>, or for one that nobody waited for. One waiter at a time.</summary>
    internal ValueTask WaitAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        if (Interlocked.CompareExchange(ref _state, Idle, Signalled) == Signalled)
            return ValueTask.CompletedTask;
        _core.Reset();
        _cancellation = cancellationToken;
        switch (Interlocked.CompareExchange(ref _state, Waiting, Idle))
        {
            case Waiting:
                throw new InvalidOperationException("Somebody waits already.");
            case Signalled:
                Interlocked.Exchange(ref _state, Idle);
                return ValueTask.CompletedTask;
        }

        var wait = new ValueTask(this, _core.Version);
        if (cancellationToken.CanBeCanceled)
            _registration = cancellationToken.UnsafeRegister(static s => ((AsyncSignal)s!).Cancel(), this);
        return wait;
    }

    /// <summary>As above, and no longer than this.</summary>
    internal async Task WaitAsync(TimeSpan longest, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(longest, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Then it is time.
        }
    }

    /// <inheritdoc/>
    void IValueTaskSource.GetResult(short token)
    {
        _registration.Dispose();
        _registration = default;
        _core.GetResult(token);
    }

    /// <inheritdoc/>
    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    /// <inheritdoc/>
    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Cancel()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting)
            _core.SetException(new OperationCanceledException(_cancellation));
    }
}
