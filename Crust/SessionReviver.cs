using System.Collections.Concurrent;
using System.Net.NetworkInformation;
using Crust.Diagnostics;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Microsoft.Extensions.Logging;

namespace Crust;

/// <summary>
/// Makes new links for sessions that lost theirs: whoever dialled the old one tries at once, the other side a moment later, then both at growing
/// intervals until the session moves, or ends. What lost the link may have lost the gateway as well: that is found out at the same time. Thread safe.
/// </summary>
internal sealed class SessionReviver : IAsyncDisposable
{
    /// <summary>
    /// How long the side waits that did not dial: mostly the other side's link is there by then, and is the only one. Ours; no longer, since it may be this side alone that can be heard, as when its
    /// NAT forgot the way to it.
    /// </summary>
    private static readonly TimeSpan AcceptorDelay = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Ours: twelve tries at least in the time that a session may be suspended.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<SessionDriver, Lazy<Task>> _reviving = new();
    private readonly PeerConnector _connector;
    private readonly Action _doubtGateway;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly CancellationToken _stopped;
    private readonly BreakablePause _pause;

    /// <param name="connector">Makes links.</param>
    /// <param name="doubtGateway">Has our gateway asked for a sign of life.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">Where the operator reads.</param>
    /// <param name="stopped">Cancelled when the node stops.</param>
    internal SessionReviver(PeerConnector connector, Action doubtGateway, TimeProvider timeProvider, ILogger logger, CancellationToken stopped)
    {
        (_connector, _doubtGateway, _timeProvider, _logger, _stopped) = (connector, doubtGateway, timeProvider, logger, stopped);
        _pause = new BreakablePause(timeProvider);
        NetworkChange.NetworkAddressChanged += OnAddressChanged;
    }

    /// <summary>The session wants a link. May be called again and again.</summary>
    internal void Want(SessionDriver session)
    {
        if (_stopped.IsCancellationRequested)
            return;
        var lazy = _reviving.GetOrAdd(session, s => new Lazy<Task>(() => Task.Run(() => ReviveAsync(s), CancellationToken.None)));
        _ = lazy.Value;
    }

    /// <summary>What failed before may work now: the next tries begin at once.</summary>
    internal void Hurry() => _pause.Break();

    /// <summary>Ends once nothing is tried any more; to be called when the token is cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        NetworkChange.NetworkAddressChanged -= OnAddressChanged;
        foreach (var reviving in _reviving.Values)
            await reviving.Value.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void OnAddressChanged(object? sender, EventArgs e) => Hurry();

    private async Task ReviveAsync(SessionDriver session)
    {
        try
        {
            var pause = FirstPause;
            _doubtGateway();
            if (!session.ActiveLinkIsOurs)
                await Task.Delay(AcceptorDelay, _timeProvider, _stopped).ConfigureAwait(false);
            // A session that has a link but doubts it gets one try: it asks again.
            for (var isFirst = true; session.Closure is null && (isFirst || session.IsSuspended); isFirst = false)
            {
                if (await TryAsync(session).ConfigureAwait(false))
                    return;
                var jitter = 0.75 + Random.Shared.NextDouble() / 2;
                var isBroken = await _pause.WaitAsync(pause * jitter, _stopped).ConfigureAwait(false);
                pause = isBroken ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
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
            await _connector.ResumeAsync(session, _stopped).ConfigureAwait(false);
            return !session.IsSuspended;
        }
        catch (ConnectException e)
        {
            Log.ResumeFailed(_logger, session.Remote.ToShortString(), e.Message);
            return false;
        }
    }
}
