using System.Net;
using Crust.Dialing;
using Crust.Dialing.Driver;
using Crust.Discovery.Routing;
using Crust.Identity;
using Crust.PeerProtocol;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Google.Protobuf;

namespace Crust;

/// <summary>
/// Finds peers through peers, with no gateway: what the routing table knows is dialled; else an iterative <see cref="Lookup"/>, over sessions that are opened as needed; what it finds is dialled, and where
/// that leads nowhere, those who told of the peer introduce us: it dials us, and both look for a direct path over a control circuit. Thread safe.
/// </summary>
internal sealed class NeighbourSearch(
    PeerId self, Neighbours neighbours, SessionTable sessions, PeerConnector connector, Dialer dialer, SessionArrivals arrivals, ControlTalks? controls, Func<bool> loopbackAllowed,
    Func<bool> isAttached, MonotonicClock clock, CancellationToken stopped) : IAsyncDisposable
{
    /// <summary>Sessions that look-ups may be opening at a time, all together. Ours: each costs a handshake at both ends.</summary>
    private const int MaxOpening = 8;

    /// <summary>Peers that are asked to introduce us, of those who told of the wanted one.</summary>
    private const int MaxIntroducers = 4;

    /// <summary>Longest dial of a record, and longest wait for a session to ask over.</summary>
    private static readonly TimeSpan DialPatience = TimeSpan.FromSeconds(8), OpenPatience = TimeSpan.FromSeconds(4);

    /// <summary>Longest wait for an introduction to be passed on, and for what comes of it.</summary>
    private static readonly TimeSpan IntroductionPatience = TimeSpan.FromSeconds(9), MeetingPatience = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _opening = new(MaxOpening);
    private Task _keeping = Task.CompletedTask;

    /// <summary>Begins to keep the table: checks and refreshes while there is no gateway, which does it better. Once.</summary>
    internal void Start() => _keeping = Task.Run(KeepAsync, CancellationToken.None);

    /// <summary>Ends once nothing is done any more; to be called when the token is cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        await _keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _opening.Dispose();
    }

    /// <summary>A session with a peer; null when nobody leads to it.</summary>
    internal async Task<SessionDriver?> ReachAsync(PeerId peer, CancellationToken cancellationToken)
    {
        var arrival = arrivals.Expect(peer);
        try
        {
            var tried = new HashSet<ulong>();
            if (neighbours.Under(table => table.Find(peer)) is { } known)
            {
                tried.Add(known.Record.Sequence);
                if (await DialAsync(known, cancellationToken).ConfigureAwait(false) is { } session)
                    return session;
            }

            return await SearchAsync(peer, tried, arrival, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            arrivals.Forget(peer, arrival);
        }
    }

    /// <summary>A session with a peer whose record is at hand: the open one, or a new one; null when it cannot be reached in a few seconds.</summary>
    internal async Task<SessionDriver?> OpenAsync(KnownPeer peer, CancellationToken cancellationToken)
    {
        if (sessions.Find(peer.Id) is { Closure: null, IsSuspended: false } open)
            return open;
        var addresses = DialPlan.Order(peer.Record.Addresses, loopbackAllowed());
        if (addresses.Count == 0)
            return null;
        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await connector.ConnectAsync(addresses, cancellationToken).WaitAsync(OpenPatience, clock.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ConnectException or TimeoutException)
        {
            return null;
        }
        finally
        {
            _opening.Release();
        }
    }

    private async Task<SessionDriver?> SearchAsync(PeerId peer, HashSet<ulong> tried, Task<SessionDriver> arrival, CancellationToken cancellationToken)
    {
        var position = Position.Of(peer);
        var run = new LookupRun((next, token) => AskAsync(next, position, token), Begin(position, peer), clock);
        var introducers = new HashSet<PeerId>();
        while (true)
        {
            await run.GoAsync(cancellationToken).ConfigureAwait(false);
            if (arrival.IsCompletedSuccessfully)
                return await arrival.ConfigureAwait(false);
            var progress = false;
            if (run.Lookup.Found is { } found)
            {
                if (tried.Add(found.Record.Sequence))
                {
                    progress = true;
                    neighbours.Learn(found);
                    if (await DialAsync(found, cancellationToken).ConfigureAwait(false) is { } session)
                        return session;
                }

                foreach (var teller in run.Tellers)
                {
                    if (introducers.Count >= MaxIntroducers || !introducers.Add(teller.Remote))
                        continue;
                    progress = true;
                    if (await MeetAsync(found, teller, arrival, cancellationToken).ConfigureAwait(false) is { } session)
                        return session;
                }
            }

            run.Lookup.GoOn(clock.Now);
            if (run.Lookup.IsOver && !progress)
                return null;
        }
    }

    private async Task<SessionDriver?> DialAsync(KnownPeer peer, CancellationToken cancellationToken)
    {
        var addresses = DialPlan.Order(peer.Record.Addresses, loopbackAllowed());
        if (addresses.Count == 0)
            return null;
        using var patience = new CancellationTokenSource(DialPatience, clock.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var dialled = await dialer.DialAsync(peer.Id, addresses, either.Token).ConfigureAwait(false);
            if (dialled.Session is { } session)
                session.PeerAddresses = addresses;
            else
                Failed(peer.Id);
            return dialled.Session;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Failed(peer.Id);
            return null;
        }
    }

    /// <summary>Has a peer introduce us to another: that one dials us, we dial it, and both talk over a control circuit about a direct path.</summary>
    private async Task<SessionDriver?> MeetAsync(KnownPeer peer, SessionDriver introducer, Task<SessionDriver> arrival, CancellationToken cancellationToken)
    {
        introducer.EnableCircuits(neighbours.Circuits);
        var request = new MeetRequest { Peer = ByteString.CopyFrom(peer.Id.ToByteArray()), Record = UnsafeByteOperations.UnsafeWrap(neighbours.Signed()) };
        var answer = await neighbours.Client.RequestAsync(introducer, new PeersEnvelope { MeetRequest = request }, IntroductionPatience, cancellationToken).ConfigureAwait(false);
        if (answer is not { MeetResponse.Status: MeetStatus.MeetOk })
            return null;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        over.CancelAfter(MeetingPatience);
        var dial = DialAsync(peer, over.Token);
        var via = new PeerAddress(TransportKind.Tcp, introducer.RemoteEndPoint ?? new IPEndPoint(IPAddress.None, 1), introducer.Remote);
        var look = controls?.LookAsync(peer.Id, new FoundPeer(peer.Record, [via], [1]), controls.Begin(MeetingPatience), arrival, over.Token) ?? Task.FromResult<string?>(null);
        try
        {
            await Task.WhenAny(arrival, Either(dial, look)).WaitAsync(MeetingPatience, clock.TimeProvider, cancellationToken).ConfigureAwait(false);
            return arrival.IsCompletedSuccessfully ? await arrival.ConfigureAwait(false) : dial.IsCompletedSuccessfully ? await dial.ConfigureAwait(false) : null;
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await ((Task)dial).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ((Task)look).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // Ends with a session that was dialled, else when there is nothing to wait for any more.
        static async Task Either(Task<SessionDriver?> dial, Task<string?> look)
        {
            await ((Task)dial).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (dial.IsCompletedSuccessfully && await dial.ConfigureAwait(false) is not null)
                return;
            await ((Task)look).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Lookup Begin(Position target, PeerId? wanted)
    {
        var now = clock.TimeProvider.GetUtcNow();
        var seeds = neighbours.Under(table =>
        {
            table.NoteLookup(target, clock.Now);
            foreach (var session in sessions.Sessions)
            {
                if (!session.IsSuspended)
                    table.NoteAlive(session.Remote, clock.Now);
            }

            return table.Closest(target, RoutingLimits.LookupRequests, now, forOthers: false);
        });
        return new Lookup(target, wanted, self, seeds, clock.Now);
    }

    private void Failed(PeerId peer) => neighbours.Under(table =>
    {
        table.NoteFailure(peer);
        return 0;
    });

    /// <summary>While there is no gateway: asks who is still there, looks buckets up. Writes the table down now and then.</summary>
    private async Task KeepAsync()
    {
        try
        {
            for (var turn = 1; ; turn++)
            {
                await Task.Delay(RoutingLimits.CheckInterval, clock.TimeProvider, stopped).ConfigureAwait(false);
                if (turn % 30 == 0)
                {
                    neighbours.Under(table =>
                    {
                        table.Sweep(clock.TimeProvider.GetUtcNow());
                        return 0;
                    });
                    neighbours.Save();
                }

                if (isAttached())
                    continue;
                var target = default(Position);
                if (neighbours.Under(table => table.PollRefresh(clock.Now, out target)))
                    await new LookupRun((next, token) => AskAsync(next, target, token), Begin(target, null), clock).GoAsync(stopped).ConfigureAwait(false);
                KnownPeer? old = null;
                if (neighbours.Under(table => table.PollCheck(clock.Now, out old)))
                    _ = await AskAsync(old!, old!.Position, stopped).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
    }

    /// <summary>Asks one peer who is near; null when it does not say.</summary>
    private async Task<(SessionDriver Session, List<KnownPeer> Told)?> AskAsync(KnownPeer peer, Position target, CancellationToken cancellationToken)
    {
        var session = await OpenAsync(peer, cancellationToken).ConfigureAwait(false);
        var request = new ClosestRequest { Target = UnsafeByteOperations.UnsafeWrap(target.ToByteArray()), Record = UnsafeByteOperations.UnsafeWrap(neighbours.Signed()) };
        var answer = session is null ? null
            : await neighbours.Client.RequestAsync(session, new PeersEnvelope { ClosestRequest = request }, RoutingLimits.RequestTimeout, cancellationToken).ConfigureAwait(false);
        if (answer?.ClosestResponse is not { } response)
        {
            Failed(peer.Id);
            return null;
        }

        neighbours.Meet(session!, response.Record.Span);
        var told = new List<KnownPeer>();
        foreach (var record in response.Records)
        {
            if (!neighbours.TryVerify(record.Span, out var known))
                continue;
            told.Add(known);
            neighbours.Learn(known);
        }

        return (session!, told);
    }
}
