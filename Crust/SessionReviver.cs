using System.Collections.Concurrent;
using Crust.Diagnostics;
using Crust.Session.Driver;
using Microsoft.Extensions.Logging;

namespace Crust;

/// <summary>
/// Makes new links for sessions that lost theirs: whoever dialled the old one tries at once, the other side a second later, then both at growing
/// intervals until the session moves, or ends. Thread safe.
/// </summary>
internal sealed class SessionReviver(PeerConnector connector, TimeProvider timeProvider, ILogger logger, CancellationToken stopped) : IAsyncDisposable
{
    private static readonly TimeSpan AcceptorDelay = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Ours: twelve tries at least in the time that a session may be suspended.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<SessionDriver, Lazy<Task>> _reviving = new();

    /// <summary>The session wants a link. May be called again and again.</summary>
    internal void Want(SessionDriver session)
    {
        if (stopped.IsCancellationRequested)
            return;
        var lazy = _reviving.GetOrAdd(session, s => new Lazy<Task>(() => Task.Run(() => ReviveAsync(s), CancellationToken.None)));
        _ = lazy.Value;
    }

    /// <summary>Ends once nothing is tried any more; to be called when the token is cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var reviving in _reviving.Values)
            await reviving.Value.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ReviveAsync(SessionDriver session)
    {
        try
        {
            var pause = FirstPause;
            if (!session.ActiveLinkIsOurs)
                await Task.Delay(AcceptorDelay, timeProvider, stopped).ConfigureAwait(false);
            // A session that has a link but doubts it gets one try: it asks again.
            for (var isFirst = true; session.Closure is null && (isFirst || session.IsSuspended); isFirst = false)
            {
                if (await TryAsync(session).ConfigureAwait(false))
                    return;
                var jitter = 0.75 + Random.Shared.NextDouble() / 2;
                await Task.Delay(pause * jitter, timeProvider, stopped).ConfigureAwait(false);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
        finally
        {
            _reviving.TryRemove(session, out _);
        }

        // Lost again while we were about to end: whoever asked then found us still at it.
        if (session.Closure is null && session.IsSuspended)
            Want(session);
    }

    private async Task<bool> TryAsync(SessionDriver session)
    {
        try
        {
            await connector.ResumeAsync(session, stopped).ConfigureAwait(false);
            return !session.IsSuspended;
        }
        catch (ConnectException e)
        {
            Log.ResumeFailed(logger, session.Remote.ToShortString(), e.Message);
            return false;
        }
    }
}
