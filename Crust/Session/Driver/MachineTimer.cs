using Crust.Primitives;
using Crust.Primitives.Driver;

namespace Crust.Session.Driver;

/// <summary>One timer for a machine's next deadline. Guarded by the session's lock, but for its disposal.</summary>
internal sealed class MachineTimer : IAsyncDisposable
{
    private readonly MonotonicClock _clock;
    private readonly ITimer _timer;
    private Instant? _due;

    internal MachineTimer(MonotonicClock clock, Action wentOff)
    {
        _clock = clock;
        _timer = clock.TimeProvider.CreateTimer(static s => ((Action)s!)(), wentOff, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Goes off at the deadline, or earlier: one that is set for a time before it is left alone, since most deadlines only move away.</summary>
    internal void SetTo(Instant? deadline)
    {
        if (deadline is not { } due || (_due is { } armed && armed <= due))
            return;
        _due = due;
        var wait = due - _clock.Now;
        _timer.Change(wait < TimeSpan.Zero ? TimeSpan.Zero : wait, Timeout.InfiniteTimeSpan);
    }

    /// <summary>It went off: the next deadline sets it anew.</summary>
    internal void WentOff() => _due = null;

    public ValueTask DisposeAsync() => _timer.DisposeAsync();
}
