using Crust.Diagnostics;
using Crust.Primitives.Driver;
using Microsoft.Extensions.Logging;

namespace Crust.Session.Driver;

/// <summary>
/// The end of a session, in this order: its links close, the owner is told, what was delivered is handled. The owner hears of nothing before it has told of
/// the beginning itself. Guarded by the session's lock, but for the tasks.
/// </summary>
internal sealed class SessionEnding(SessionDriver session, ISessionOwner owner, MonotonicClock clock, ILogger logger)
{
    /// <summary>How long a graceful close may take before the session is cut, and a goodbye to be sent. Ours: a peer that never reads must not hold us.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource _announced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _disconnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _finishing = Task.CompletedTask;
    private bool _isTelling;
    private bool _hasPathChanged;
    private bool _isLinkWanted;

    /// <summary>How it ended; null while it lives.</summary>
    internal SessionClosure? Closure { get; private set; }

    internal bool HasBegun { get; private set; }

    /// <summary>Ends when the links are closed and the owner was told.</summary>
    internal Task Disconnected => _disconnected.Task;

    /// <summary>Ends when what was delivered is handled, too; never faults.</summary>
    internal Task Completion => _completion.Task;

    /// <summary>The node has told of the session's beginning: from now on it may tell of its end.</summary>
    internal void Announced() => _announced.TrySetResult();

    /// <summary>The session moved, or lost its last link.</summary>
    internal void PathChanged()
    {
        _hasPathChanged = true;
        Tell();
    }

    internal void LinkWanted()
    {
        _isLinkWanted = true;
        Tell();
    }

    /// <summary>The machine is closed.</summary>
    internal void Begin(in SessionEvent closed, SessionLinks links, MachineTimer timer, InboundDispatcher inbound)
    {
        Closure = new SessionClosure((GoodbyeCode)closed.Code, closed.Reason ?? "", closed.ByRemote);
        if (HasBegun)
            return;
        HasBegun = true;
        _finishing = Task.Run(() => FinishAsync(links, timer, inbound));
    }

    /// <summary>Waits for the end of a graceful close; cuts it after <see cref="Linger"/>.</summary>
    internal async Task LingerAsync(GoodbyeCode code, string reason)
    {
        try
        {
            await Disconnected.WaitAsync(Linger, clock.TimeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            session.End(code, reason);
            await Disconnected.ConfigureAwait(false);
        }
    }

    /// <summary>Ends with <see cref="Completion"/> and whatever led to it.</summary>
    internal async Task WaitAsync()
    {
        await Completion.ConfigureAwait(false);
        await _finishing.ConfigureAwait(false);
    }

    /// <summary>
    /// Tells the owner, not under the lock and after its announcement. What happens again before it was told is told once: a remote that moves all the time
    /// keeps one task busy.
    /// </summary>
    private void Tell()
    {
        if (_isTelling)
            return;
        _isTelling = true;
        _ = _announced.Task.ContinueWith(_ => TellOwner(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private void TellOwner()
    {
        bool hasPathChanged, isLinkWanted;
        lock (session.Gate)
        {
            (hasPathChanged, isLinkWanted) = (_hasPathChanged, _isLinkWanted);
            _hasPathChanged = _isLinkWanted = _isTelling = false;
        }

        if (hasPathChanged)
            owner.PathChanged(session);
        if (isLinkWanted)
            owner.LinkWanted(session);
    }

    private async Task FinishAsync(SessionLinks links, MachineTimer timer, InboundDispatcher inbound)
    {
        await links.CloseAsync(Linger).ConfigureAwait(false);
        await timer.DisposeAsync().ConfigureAwait(false);
        await _announced.Task.ConfigureAwait(false);
        owner.SessionEnded(session);
        Log.SessionEnded(logger, session.Remote.ToShortString(), Closure?.Reason ?? "");
        _disconnected.TrySetResult();
        // What was acknowledged is handled before the session counts as over.
        await inbound.DisposeAsync().ConfigureAwait(false);
        _completion.TrySetResult();
    }
}
