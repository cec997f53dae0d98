using Crust.Dialing;
using Crust.Dialing.Driver;
using Crust.Diagnostics;
using Crust.GatewayProtocol;
using Crust.Identity;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Crust.Transport;
using Microsoft.Extensions.Logging;

namespace Crust;

/// <summary>
/// Answers introductions: a caller could not wait to be dialled, so we dial it, unless its own dial gets here first. What a caller may make
/// us do is bounded in rate and number. Thread safe.
/// </summary>
internal sealed class IntroductionHandler(
    PeerId self, NetworkId network, SessionTable table, Dialer dialer, SessionArrivals arrivals, Func<bool> loopbackAllowed,
    MonotonicClock clock, ILogger logger, CancellationToken stopped) : IAsyncDisposable
{
    /// <summary>Dials on behalf of callers at a time. Ours.</summary>
    private const int MaxUnderWay = 16;

    /// <summary>The caller dials at the same moment; mostly that alone is enough.</summary>
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(150);

    /// <summary>
    /// Longest dial on behalf of a caller, all its addresses together: as long as the caller itself waits. Else sixteen callers whose
    /// addresses accept and say nothing would keep all others out for minutes.
    /// </summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly TokenBucket _rate = new(perSecond: 10, burst: 50);
    private readonly Dictionary<PeerId, Task> _underWay = [];

    /// <summary>Takes an introduction as the gateway sent it; a bad one is dropped.</summary>
    internal void Handle(Introduction introduction)
    {
        if (!PeerRecord.TryVerify(introduction.Record.Span, network, out var record) || !record!.IsCurrent(clock.TimeProvider.GetUtcNow()) || record.Peer == self)
            return;
        lock (_gate)
        {
            if (!stopped.IsCancellationRequested && _underWay.Count < MaxUnderWay && !_underWay.ContainsKey(record.Peer) && _rate.TryTake(clock.Now))
                _underWay[record.Peer] = Task.Run(() => MeetAsync(record));
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task[] left;
        lock (_gate)
            left = [.. _underWay.Values];
        await Task.WhenAll(left).ConfigureAwait(false);
    }

    private bool HasDirect(PeerId peer) => table.Find(peer) is { } open && open.Path.IsDirect();

    private async Task MeetAsync(PeerRecord caller)
    {
        var arrival = arrivals.Expect(caller.Peer);
        try
        {
            if (HasDirect(caller.Peer))
                return;
            try
            {
                var arrived = await arrival.WaitAsync(HeadStart, clock.TimeProvider, stopped).ConfigureAwait(false);
                // Over a gateway it may be here at once, and directly a moment later.
                if (!arrived.Path.IsDirect())
                    await Task.Delay(HeadStart, clock.TimeProvider, stopped).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Then it is our turn.
            }

            if (HasDirect(caller.Peer))
                return;
            using var timeout = new CancellationTokenSource(Longest, clock.TimeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopped);
            await dialer.DialAsync(caller.Peer, DialPlan.Order(caller.Addresses, loopbackAllowed()), either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The node stops, or the caller's addresses lead nowhere.
        }
#pragma warning disable CA1031 // A stranger's introduction must not bring the node down.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.IntroductionFailed(logger, e);
        }
        finally
        {
            arrivals.Forget(caller.Peer, arrival);
            lock (_gate)
                _underWay.Remove(caller.Peer);
        }
    }
}
