using System.Collections.Concurrent;
using Crust.Cryptography;
using Crust.Dialing;
using Crust.Dialing.Driver;
using Crust.Discovery.Lan.Driver;
using Crust.GatewayProtocol;
using Crust.GatewayProtocol.Driver;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Crust.Transport;

namespace Crust;

/// <summary>
/// Makes connections: by address, and by id alone through a gateway or on the LAN. Callers that want the same peer share one attempt. Thread safe.
/// </summary>
internal sealed class PeerConnector(
    CrustNodeOptions options, PeerId self, SessionTable table, Dialer dialer, PeerFinder finder, SessionArrivals arrivals, CircuitDialer circuits, ControlTalks? controls,
    Func<GatewayAttachment?> attachment, LanDiscovery? lan, NodeMemory memory, Func<bool> loopbackAllowed, AdmissionGate gate, CancellationToken stopped) : IAsyncDisposable
{
    /// <summary>How long an introduced peer may take to dial us once none of its addresses answered. Ours: a dial of its own and a handshake.</summary>
    private static readonly TimeSpan IntroductionWait = TimeSpan.FromSeconds(10);

    /// <summary>The same for a session that both sides want back: whoever waits does not try, so not for long.</summary>
    private static readonly TimeSpan ResumptionWait = TimeSpan.FromSeconds(1);

    /// <summary>Finds a peer through peers, where no gateway can be asked or knows it; null when nobody leads to it. Null: there is no such way.</summary>
    internal Func<PeerId, CancellationToken, Task<SessionDriver?>>? ByNeighbours { get; set; }

    private readonly ConcurrentDictionary<PeerId, Lazy<Task<SessionDriver>>> _attempts = new();
    private readonly RunningTasks _left = new();

    /// <summary>The open session with the peer, or a new one.</summary>
    /// <exception cref="ConnectException">It did not come about.</exception>
    internal Task<SessionDriver> ConnectAsync(PeerId peer, CancellationToken cancellationToken) =>
        table.Find(peer) is not { Closure: null } open ? ShareAsync(peer, (notes, token) => FindAndDialAsync(peer, notes, token), cancellationToken)
        : open.IsSuspended ? ShareAsync(peer, (_, token) => ResumeAsync(open, token), cancellationToken)
        : Task.FromResult(open);

    /// <summary>The open session with the addresses' peer, or a new one over one of those addresses.</summary>
    /// <param name="addresses">At least one; all of one peer.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <exception cref="ConnectException">It did not come about.</exception>
    internal Task<SessionDriver> ConnectAsync(IReadOnlyList<PeerAddress> addresses, CancellationToken cancellationToken) =>
        table.Find(addresses[0].Peer) is { Closure: null, IsSuspended: false } open
            ? Task.FromResult(open)
            : ShareAsync(addresses[0].Peer, (notes, token) => DialAddressesAsync(addresses, notes, token), cancellationToken);

    /// <summary>
    /// Makes another link for a session that lost its own or doubts it: over the addresses that its peer is known at, and, where there is a gateway to ask, by
    /// every way that it is found on.
    /// </summary>
    /// <exception cref="ConnectException">It did not come about.</exception>
    internal async Task<SessionDriver> ResumeAsync(SessionDriver session, CancellationToken cancellationToken)
    {
        var known = options.Paths == PathPolicy.RelayOnly ? [] : KnownAddresses(session);
        if (attachment() is { IsElsewhere: false })
            return await MeetAsync(session.Remote, new Notes(), known, session, cancellationToken).ConfigureAwait(false);
        if (known.Count == 0)
            throw new ConnectException(ConnectFailure.NoUsableAddress, session.Remote, $"The link with {session.Remote} was lost; the other side made it and has to make another.");
        var dialled = await dialer.DialAsync(session.Remote, known, cancellationToken).ConfigureAwait(false);
        return dialled.Session ?? throw Failed(session.Remote, dialled, null);
    }

    /// <summary>Looks the session's peer up, and dials those of its addresses that were not dialled before. What comes of it joins the session; no failure matters.</summary>
    internal async Task DialNewAddressesAsync(SessionDriver session, CancellationToken cancellationToken)
    {
        if (options.Paths == PathPolicy.RelayOnly || attachment()?.Current is null || await finder.TryFindAsync(session.Remote, cancellationToken).ConfigureAwait(false) is not { } found)
            return;
        var addresses = DialPlan.Order(found.Record.Addresses, loopbackAllowed());
        var fresh = addresses.Except(session.PeerAddresses).ToList();
        if (fresh.Count == 0)
            return;
        session.PeerAddresses = addresses;
        await dialer.DialAsync(session.Remote, fresh, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends once every attempt has; to be called when <c>stopped</c> is cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var attempt in _attempts.Values)
            await ((Task)attempt.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _left.WhenEndedAsync().ConfigureAwait(false);
    }

    private async Task<SessionDriver> ShareAsync(PeerId peer, Func<Notes, CancellationToken, Task<SessionDriver>> attempt, CancellationToken cancellationToken)
    {
        if (peer == self)
            throw new ConnectException(ConnectFailure.Self, peer, "This is the node's own id.");
        if (!gate.Allows(peer))
            throw NotAllowed(peer);
        if (stopped.IsCancellationRequested)
            throw new ConnectException(ConnectFailure.ShuttingDown, peer, "The node stops.");
        var lazy = new Lazy<Task<SessionDriver>>(() => BoundAsync(peer, attempt));
        var shared = _attempts.GetOrAdd(peer, lazy);
        try
        {
            return await shared.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // If all who share the attempt give up, nobody looks at its failure: that makes no unobserved exception.
            _ = shared.Value.ContinueWith(
                static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }

    private async Task<SessionDriver> BoundAsync(PeerId peer, Func<Notes, CancellationToken, Task<SessionDriver>> attempt)
    {
        await Task.Yield();
        var notes = new Notes();
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopped);
        try
        {
            return await attempt(notes, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            throw new ConnectException(ConnectFailure.ShuttingDown, peer, "The node stops.");
        }
        catch (OperationCanceledException)
        {
            throw new ConnectException(ConnectFailure.TimedOut, peer, $"Connecting to {peer} took longer than {options.ConnectTimeout.TotalSeconds:0} s{(notes.GivenUp is { } tried ? $" ({tried})" : "")}.");
        }
        finally
        {
            _attempts.TryRemove(peer, out _);
        }
    }

    private async Task<SessionDriver> DialAddressesAsync(IReadOnlyList<PeerAddress> addresses, Notes notes, CancellationToken cancellationToken)
    {
        var peer = addresses[0].Peer;
        if (addresses.All(a => !gate.Allows(a.EndPoint.Address)))
            throw new ConnectException(ConnectFailure.NotAllowed, peer, $"The access list of this node denies {string.Join(", ", addresses.Select(a => a.EndPoint.Address).Distinct())}.");
        var dialled = await dialer.DialAsync(peer, addresses, cancellationToken, notes.Take).ConfigureAwait(false);
        if (dialled.Session is not { } session)
            throw Failed(peer, dialled, null);
        session.PeerAddresses = addresses;
        return session;
    }

    /// <summary>Where the session's peer may answer: at the other end of the link, if that listens, and wherever it was looked for before.</summary>
    private static IReadOnlyList<PeerAddress> KnownAddresses(SessionDriver session)
    {
        // A peer dials µTP from the very port that it listens on, TCP from any.
        if (session.RemoteEndPoint is { } endPoint && session.Path.ToTransport() is { } transport && (session.ActiveLinkIsOurs || transport == TransportKind.Utp))
        {
            var other = session.PeerAddresses.FirstOrDefault(a => a.Transport == transport && a.EndPoint.Equals(endPoint)) ?? new PeerAddress(transport, endPoint, session.Remote);
            return [.. new[] { other }.Concat(session.PeerAddresses).Distinct()];
        }

        return session.PeerAddresses;
    }

    private async Task<SessionDriver> FindAndDialAsync(PeerId peer, Notes notes, CancellationToken cancellationToken)
    {
        try
        {
            return await FindByGatewayOrLanAsync(peer, notes, cancellationToken).ConfigureAwait(false);
        }
        catch (ConnectException e) when (ByNeighbours is not null && e.Failure is ConnectFailure.NotAttached or ConnectFailure.PeerNotFound or ConnectFailure.ClusterUnavailable)
        {
            if (ByNeighbours is null || await ByNeighbours(peer, cancellationToken).ConfigureAwait(false) is not { } session)
                throw;
            return session;
        }
    }

    private async Task<SessionDriver> FindByGatewayOrLanAsync(PeerId peer, Notes notes, CancellationToken cancellationToken)
    {
        if (attachment()?.IsElsewhere == true)
            throw new ConnectException(ConnectFailure.IdentityElsewhere, peer, "The gateway says that a newer process runs under this node's identity.");
        var isLanAllowed = lan is not null && options.Paths != PathPolicy.RelayOnly;
        try
        {
            if (attachment()?.Current is null)
                throw new ConnectException(ConnectFailure.NotAttached, peer, $"The node is not attached to a gateway, so nobody can be asked where the peer is{(isLanAllowed ? "; it is not on this LAN" : "")}.");
            return await MeetAsync(peer, notes, isLanAllowed ? lan!.AddressesOf(peer) : [], null, cancellationToken).ConfigureAwait(false);
        }
        catch (ConnectException e) when (e.Failure is ConnectFailure.NotAttached or ConnectFailure.PeerNotFound or ConnectFailure.ClusterUnavailable)
        {
            // Gateways do not know it, or cannot be asked: the LAN may, and where it was before it may be still.
            IReadOnlyList<PeerAddress> remembered = e.Failure == ConnectFailure.PeerNotFound ? [] : memory.AddressesOf(peer);
            var onLan = isLanAllowed ? await lan!.FindAsync(peer, cancellationToken).ConfigureAwait(false) : [];
            var addresses = onLan.Concat(remembered).Distinct().ToList();
            if (addresses.Count == 0)
                throw;
            return await DialAddressesAsync(addresses, notes, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Meets a peer; what is still under way when the first link stands goes on in the background.</summary>
    /// <param name="peer">Who.</param>
    /// <param name="notes">What is told if time runs out.</param>
    /// <param name="known">Addresses that need no look-up.</param>
    /// <param name="resumed">The session that lost its link or doubts it; null to make one.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    private async Task<SessionDriver> MeetAsync(PeerId peer, Notes notes, IReadOnlyList<PeerAddress> known, SessionDriver? resumed, CancellationToken cancellationToken)
    {
        var meeting = new Meeting(peer, options.Paths, dialer, circuits, controls, options.ConnectTimeout, options.TimeProvider);
        var decided = CancellationTokenSource.CreateLinkedTokenSource(stopped);
        decided.CancelAfter(options.ConnectTimeout);
        // The peer may connect to us at any time; from the introduction on it is asked to.
        var arrival = resumed is null ? arrivals.Expect(peer) : CarriedAsync(resumed, decided.Token);
        var ways = RunAsync(meeting, known, resumed, arrival, decided.Token);
        try
        {
            await Task.WhenAny(meeting.First, arrival, ways).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (meeting.First.IsCompleted || arrival.IsCompletedSuccessfully)
            {
                var session = await (meeting.First.IsCompleted ? meeting.First : arrival).ConfigureAwait(false);
                if (meeting.Addresses.Count > 0)
                    session.PeerAddresses = meeting.Addresses;
                return session;
            }

            // Every way came to nothing, but perhaps the peer reaches us.
            var isIntroduced = await ways.ConfigureAwait(false);
            if (isIntroduced && meeting.NoDirectPath is null)
            {
                try
                {
                    return await arrival.WaitAsync(resumed is null ? IntroductionWait : ResumptionWait, options.TimeProvider, cancellationToken).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    // Neither way: the dial's reasons say most.
                }
            }

            throw Failed(peer, meeting.Dialled, meeting.CircuitFailure, meeting.NoDirectPath);
        }
        catch
        {
            await decided.CancelAsync().ConfigureAwait(false);
            await ((Task)ways).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (meeting.Standing is { } standing)
                notes.Take(standing);
            throw;
        }
        finally
        {
            if (resumed is null)
                arrivals.Forget(peer, arrival);
            // What is still under way ends by itself, or with the node.
            _left.Add(ways);
            _left.Add(DisposeAfterAsync(ways, decided));
        }
    }

    /// <summary>Takes every way; ends when all have ended. True when the peer was told of us.</summary>
    private async Task<bool> RunAsync(Meeting meeting, IReadOnlyList<PeerAddress> known, SessionDriver? resumed, Task arrival, CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var peer = meeting.Peer;
        var dialKnown = meeting.DialAsync(known, cancellationToken);
        FoundPeer? found = null;
        try
        {
            // What cost the link may have cost the gateway as well: then the next one is asked.
            found = await finder.FindPatientlyAsync(peer, dialKnown, cancellationToken).ConfigureAwait(false);
        }
        catch (ConnectException) when (known.Count > 0 || resumed is not null)
        {
            // What is known without a gateway may do.
        }

        if (found is null || (resumed is not null && arrival.IsCompleted))
        {
            await dialKnown.ConfigureAwait(false);
            return false;
        }

        if (resumed is null && table.Find(peer) is { Closure: null, IsSuspended: false } open)
        {
            // The peer connected to us while we asked.
            meeting.Take(open);
            return false;
        }

        var isDirectAllowed = options.Paths != PathPolicy.RelayOnly;
        IReadOnlyList<PeerAddress> addresses = isDirectAllowed ? DialPlan.Order(found.Record.Addresses, loopbackAllowed()) : [];
        meeting.Addresses = addresses;
        var introduction = isDirectAllowed && attachment()?.Current is { } gateway
            ? gateway.IntroduceAsync(peer, SecureRandom.Bytes(GatewayCodec.AttemptIdLength), attachment()!.SignedRecord, cancellationToken)
            : Task.FromResult<IntroduceResponse?>(null);
        var fresh = addresses.Except(known).ToList();
        var dialFound = meeting.DialAsync(fresh, cancellationToken);
        // A session with a standby needs no second one; but when it doubts its link, the standby may be as dead: what cost the one may have cost the other.
        var delay = resumed is { IsSuspended: false, HasStandby: true } ? (resumed.IsStalled ? Meeting.StandbyDelay : (TimeSpan?)null) : addresses.Count > 0 ? Meeting.CircuitDelay : TimeSpan.Zero;
        var call = delay is { } some ? meeting.CallAsync(found, token => finder.TryFindAsync(peer, token), some, arrival, cancellationToken) : Task.CompletedTask;
        await Task.WhenAll(dialKnown, introduction, dialFound, call).ConfigureAwait(false);
        return (await introduction.ConfigureAwait(false))?.Status == GatewayStatus.Ok;
    }

    private static async Task DisposeAfterAsync(Task ways, CancellationTokenSource decided)
    {
        await ways.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Frees what waits for the session's next link.
        await decided.CancelAsync().ConfigureAwait(false);
        decided.Dispose();
    }

    /// <summary>Ends when a link carries the session that has none, or another than the one that it doubts.</summary>
    private static async Task<SessionDriver> CarriedAsync(SessionDriver session, CancellationToken cancellationToken)
    {
        await (session.IsSuspended ? session.WaitUntilActiveAsync(cancellationToken) : session.WaitUntilMovedAsync(cancellationToken)).ConfigureAwait(false);
        return session;
    }

    private static ConnectException NotAllowed(PeerId peer) =>
        new(ConnectFailure.NotAllowed, peer, $"The access list of this node does not allow {peer}.");

    private ConnectException Failed(PeerId peer, DialResult? dialled, string? circuitFailure, string? noDirectPath = null)
    {
        if (!gate.Allows(peer))
            return NotAllowed(peer);
        var relay = string.IsNullOrEmpty(circuitFailure) ? "" : $"; over its gateway: {circuitFailure}";
        if (noDirectPath is not null)
        {
            var taker = options.Paths == PathPolicy.DirectOnly ? "this node" : "the peer";
            var dial = dialled is null ? "" : $"; {dialled.Explain()}";
            return new ConnectException(ConnectFailure.NoDirectPath, peer, $"No direct path to {peer}, and {taker} takes no other: {noDirectPath}{dial}.");
        }

        if (dialled is null)
        {
            return new ConnectException(
                ConnectFailure.NoUsableAddress, peer,
                options.Paths == PathPolicy.RelayOnly ? $"No circuit leads to {peer}{relay}." : $"{peer} lists no address that may be dialled from here{relay}.");
        }

        return dialled.Reached
            ? new ConnectException(ConnectFailure.HandshakeFailed, peer, $"What answered could not prove to be {peer} in this network ({dialled.Explain()}{relay}).")
            : new ConnectException(ConnectFailure.Unreachable, peer, $"{peer} cannot be reached ({dialled.Explain()}{relay}).");
    }

    /// <summary>What is known of an attempt that ran out of time: how its race stood.</summary>
    private sealed class Notes
    {
        internal string? GivenUp { get; private set; }

        internal void Take(string standing) => GivenUp = standing;
    }
}
