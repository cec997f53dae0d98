using System.Collections.Concurrent;
using Crust.Cryptography;
using Crust.Dialing;
using Crust.Dialing.Driver;
using Crust.GatewayProtocol;
using Crust.GatewayProtocol.Driver;
using Crust.Identity;
using Crust.Session.Driver;
using Crust.Transport;

namespace Crust;

/// <summary>
/// Makes connections: by address, and by id alone through a gateway. Callers that want the same peer share one attempt. Thread safe.
/// </summary>
internal sealed class PeerConnector(
    CrustNodeOptions options, PeerId self, NetworkId network, SessionTable table, Dialer dialer, SessionArrivals arrivals,
    Func<GatewayAttachment?> attachment, Func<bool> loopbackAllowed, AdmissionGate gate, CancellationToken stopped) : IAsyncDisposable
{
    /// <summary>How long an introduced peer may take to dial us once none of its addresses answered. Ours: a dial of its own and a handshake.</summary>
    private static readonly TimeSpan IntroductionWait = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<PeerId, Lazy<Task<SessionDriver>>> _attempts = new();

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
    /// Makes another link for a session that lost its own or doubts it: over the addresses that its peer is known at, whatever their transport, and, if it is
    /// suspended, as any peer is found.
    /// </summary>
    /// <exception cref="ConnectException">It did not come about.</exception>
    internal async Task<SessionDriver> ResumeAsync(SessionDriver session, CancellationToken cancellationToken)
    {
        DialResult? dialled = null;
        var known = KnownAddresses(session);
        if (known.Count > 0)
        {
            dialled = await dialer.DialAsync(session.Remote, known, cancellationToken).ConfigureAwait(false);
            if (dialled.Session is { } resumed)
                return resumed;
        }

        if (session.IsSuspended && attachment()?.Current is not null)
            return await FindAndDialAsync(session.Remote, new Notes(), cancellationToken, session).ConfigureAwait(false);
        throw dialled is null
            ? new ConnectException(ConnectFailure.NoUsableAddress, session.Remote, $"The link with {session.Remote} was lost; the other side made it and has to make another.")
            : Failed(session.Remote, dialled);
    }

    /// <summary>Ends once every attempt has; to be called when <c>stopped</c> is cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var attempt in _attempts.Values)
            await ((Task)attempt.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
            throw Failed(peer, dialled);
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

    private async Task<SessionDriver> FindAndDialAsync(PeerId peer, Notes notes, CancellationToken cancellationToken, SessionDriver? suspended = null)
    {
        if (attachment()?.IsElsewhere == true)
            throw new ConnectException(ConnectFailure.IdentityElsewhere, peer, "The gateway says that a newer process runs under this node's identity.");
        var gateway = attachment()?.Current
            ?? throw new ConnectException(ConnectFailure.NotAttached, peer, "The node is not attached to a gateway, so nobody can be asked where the peer is.");
        var record = await FindAsync(gateway, peer, cancellationToken).ConfigureAwait(false);
        // The peer may have connected to us while we asked; and from here on it may do so since we are introduced.
        var arrival = suspended is null ? arrivals.Expect(peer) : ActiveAsync(suspended, cancellationToken);
        try
        {
            if (table.Find(peer) is { Closure: null, IsSuspended: false } open)
                return open;
            var addresses = DialPlan.Order(record.Addresses, loopbackAllowed());
            using var decided = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var introduction = gateway.IntroduceAsync(peer, SecureRandom.Bytes(GatewayCodec.AttemptIdLength), attachment()!.SignedRecord, decided.Token);
            var dialling = dialer.DialAsync(peer, addresses, decided.Token, notes.Take);
            try
            {
                var session = await FirstAsync(peer, addresses.Count, arrival, dialling, introduction, cancellationToken).ConfigureAwait(false);
                session.PeerAddresses = addresses;
                return session;
            }
            finally
            {
                await decided.CancelAsync().ConfigureAwait(false);
                await Task.WhenAll(dialling, introduction).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            arrivals.Forget(peer, arrival);
        }
    }

    private static async Task<SessionDriver> ActiveAsync(SessionDriver suspended, CancellationToken cancellationToken)
    {
        await suspended.WaitUntilActiveAsync(cancellationToken).ConfigureAwait(false);
        return suspended;
    }

    private async Task<SessionDriver> FirstAsync(
        PeerId peer, int addressCount, Task<SessionDriver> arrival, Task<DialResult> dialling, Task<IntroduceResponse?> introduction, CancellationToken cancellationToken)
    {
        await Task.WhenAny(arrival, dialling).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (arrival.IsCompletedSuccessfully)
            return await arrival.ConfigureAwait(false);
        var dialled = await dialling.ConfigureAwait(false);
        if (dialled.Session is { } session)
            return session;
        // We cannot reach it; perhaps it reaches us.
        var introduced = await introduction.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (introduced?.Status == GatewayStatus.Ok)
        {
            try
            {
                return await arrival.WaitAsync(IntroductionWait, options.TimeProvider, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Neither way: the dial's reasons say most.
            }
        }

        if (addressCount == 0)
            throw new ConnectException(ConnectFailure.NoUsableAddress, peer, $"{peer} lists no address that may be dialled from here.");
        throw Failed(peer, dialled);
    }

    private async Task<PeerRecord> FindAsync(GatewayClient gateway, PeerId peer, CancellationToken cancellationToken)
    {
        var found = await gateway.FindAsync(peer, cancellationToken).ConfigureAwait(false);
        switch (found?.Status)
        {
            case GatewayStatus.Ok when PeerRecord.TryVerify(found.Record.Span, network, out var record)
                && record!.Peer == peer && record.IsCurrent(options.TimeProvider.GetUtcNow()):
                return record;
            case GatewayStatus.Ok or GatewayStatus.NotFound:
                throw new ConnectException(ConnectFailure.PeerNotFound, peer, $"No gateway knows peer {peer}.");
            case GatewayStatus.Throttled:
                throw new ConnectException(ConnectFailure.Throttled, peer, "The gateway is asked too often; wait and try again.");
            case null or GatewayStatus.NotAttached:
                throw new ConnectException(ConnectFailure.NotAttached, peer, "The gateway did not answer; the node looks for another.");
            default:
                throw new ConnectException(ConnectFailure.ClusterUnavailable, peer, "The cluster cannot be reached, and the gateway does not remember the peer; try again.");
        }
    }

    private static ConnectException NotAllowed(PeerId peer) =>
        new(ConnectFailure.NotAllowed, peer, $"The access list of this node does not allow {peer}.");

    private ConnectException Failed(PeerId peer, DialResult dialled) => !gate.Allows(peer) ? NotAllowed(peer) : dialled.Reached
        ? new ConnectException(ConnectFailure.HandshakeFailed, peer, $"What answered could not prove to be {peer} in this network ({dialled.Explain()}).")
        : new ConnectException(ConnectFailure.Unreachable, peer, $"{peer} cannot be reached ({dialled.Explain()}).");

    /// <summary>What is known of an attempt that ran out of time: how its race stood.</summary>
    private sealed class Notes
    {
        internal string? GivenUp { get; private set; }

        internal void Take(string standing) => GivenUp = standing;
    }
}
