using System.Collections.Concurrent;
using System.Net;
using Crust.Identity;
using Crust.Nat.Stun;
using Crust.Session.Driver;
using Google.Protobuf;

namespace Crust.GatewayProtocol.Driver;

/// <summary>
/// A peer's side of the talk with one gateway: requests matched with responses by number, at most <see cref="MaxPending"/> at a time, each
/// answered within <see cref="ResponseTimeout"/>. While one waits, a gateway that gives no sign of life is found out by a <see cref="GatewayProbe"/>, which ends the session, and with it every wait. Thread safe.
/// </summary>
internal sealed class GatewayClient(SessionDriver session, TimeProvider timeProvider)
{
    /// <summary>Requests under way. Ours: far above what one node asks at once.</summary>
    internal const int MaxPending = 1024;

    /// <summary>Longest wait for an answer. The gateway itself waits at most 5 s for the cluster.</summary>
    internal static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(8);

    /// <summary>Longest wait for a dial-back: another gateway has 5 s for it, and this one 3 s if that one says nothing.</summary>
    internal static readonly TimeSpan DialBackTimeout = TimeSpan.FromSeconds(12);

    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<GatewayEnvelope>> _pending = new();
    private ulong _lastId;

    internal SessionDriver Session => session;

    internal PeerId Gateway => session.Remote;

    /// <summary>True once it answered anything like a gateway.</summary>
    internal bool HasAnswered { get; private set; }

    /// <summary>True after the gateway said that it is drained, until it takes us as before. Set where its messages come in, so in their order.</summary>
    internal bool IsDraining { get; private set; }

    /// <summary>Asks for a sign of life, until a task ends; without one, the session ends soon. Never faults.</summary>
    internal Task ProbeAsync(Task until) => GatewayProbe.WatchAsync(session, until, isOnce: true, timeProvider);

    /// <summary>Where the gateway answers STUN, as it said when it was last asked where it sees us; null when it did not say.</summary>
    internal StunServerInfo? Stun { get; private set; }

    /// <summary>The gateway tells that it is drained.</summary>
    internal void HandleDrain() => IsDraining = true;

    /// <summary>Ends when what is asked now was answered or given up, or after a time.</summary>
    internal async Task SettleAsync(TimeSpan atMost, CancellationToken cancellationToken) =>
        await Task.WhenAll(_pending.Values.Select(w => (Task)w.Task)).WaitAsync(atMost, timeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Completes the request that a response answers; anything else is ignored.</summary>
    internal void HandleResponse(GatewayEnvelope envelope)
    {
        if (envelope.BodyCase == GatewayEnvelope.BodyOneofCase.AttachResponse)
            IsDraining = envelope.AttachResponse.Status == GatewayStatus.Draining;
        if (_pending.TryRemove(envelope.Id, out var waiting))
            waiting.TrySetResult(envelope);
    }

    /// <summary>Asks where the gateway sees this session come from; null when it does not say.</summary>
    internal async Task<IPEndPoint?> ObserveAsync(CancellationToken cancellationToken, TimeSpan? patience = null)
    {
        var response = await RequestAsync(new GatewayEnvelope { ObserveRequest = new ObserveRequest() }, cancellationToken, patience).ConfigureAwait(false);
        HasAnswered |= response is not null;
        if (response?.ObserveResponse?.Stun is { } stun)
            Stun = StunServers.From(stun) ?? Stun;
        return IPEndPoint.TryParse(response?.ObserveResponse?.Observed ?? "", out var observed) ? observed : null;
    }

    /// <summary>Attaches; null when no answer came.</summary>
    internal async Task<AttachResponse?> AttachAsync(byte[] attachment, byte[] record, CancellationToken cancellationToken)
    {
        var request = new AttachRequest { Attachment = UnsafeByteOperations.UnsafeWrap(attachment), Record = UnsafeByteOperations.UnsafeWrap(record), TakesCircuits = session.Circuits is not null };
        var response = await RequestAsync(new GatewayEnvelope { AttachRequest = request }, cancellationToken).ConfigureAwait(false);
        return response?.AttachResponse;
    }

    /// <summary>Looks up a peer's record; null when no answer came.</summary>
    internal async Task<FindResponse?> FindAsync(PeerId peer, CancellationToken cancellationToken)
    {
        var request = new FindRequest { Peer = ByteString.CopyFrom(peer.ToByteArray()) };
        var response = await RequestAsync(new GatewayEnvelope { FindRequest = request }, cancellationToken).ConfigureAwait(false);
        return response?.FindResponse;
    }

    /// <summary>Asks the gateway to tell a peer that we want to meet; null when no answer came.</summary>
    internal async Task<IntroduceResponse?> IntroduceAsync(PeerId peer, byte[] attempt, byte[] record, CancellationToken cancellationToken)
    {
        var request = new IntroduceRequest
        {
            Peer = ByteString.CopyFrom(peer.ToByteArray()),
            Attempt = UnsafeByteOperations.UnsafeWrap(attempt),
            Record = UnsafeByteOperations.UnsafeWrap(record),
        };
        var response = await RequestAsync(new GatewayEnvelope { IntroduceRequest = request }, cancellationToken).ConfigureAwait(false);
        return response?.IntroduceResponse;
    }

    /// <summary>Asks the gateway to find out whether we can be dialled; null when no answer came.</summary>
    /// <param name="addresses">1 to <see cref="GatewayCodec.MaxDialBacks"/> of our own.</param>
    /// <param name="contacted">Where we have sent anything to lately.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    internal async Task<DialBackResponse?> DialBackAsync(IReadOnlyList<PeerAddress> addresses, IEnumerable<IPAddress> contacted, CancellationToken cancellationToken)
    {
        var request = new DialBackRequest { Padding = UnsafeByteOperations.UnsafeWrap(new byte[GatewayCodec.DialBackCost * addresses.Count]) };
        request.Addresses.AddRange(addresses.Select(a => a.ToString()));
        request.Contacted.AddRange(contacted.Take(GatewayCodec.MaxContacted).Select(a => a.ToString()));
        var response = await RequestAsync(new GatewayEnvelope { DialBackRequest = request }, cancellationToken, DialBackTimeout).ConfigureAwait(false);
        return response?.DialBackResponse;
    }

    /// <summary>Asks who is near us; null when no answer came.</summary>
    internal async Task<NeighboursResponse?> NeighboursAsync(CancellationToken cancellationToken) =>
        (await RequestAsync(new GatewayEnvelope { NeighboursRequest = new NeighboursRequest() }, cancellationToken).ConfigureAwait(false))?.NeighboursResponse;

    /// <summary>Asks where the gateway sees a peer to which a circuit over it leads; null when it does not say.</summary>
    internal async Task<IPAddress?> AttestAsync(PeerId peer, CancellationToken cancellationToken)
    {
        var request = new AttestRequest { Peer = ByteString.CopyFrom(peer.ToByteArray()) };
        var response = await RequestAsync(new GatewayEnvelope { AttestRequest = request }, cancellationToken).ConfigureAwait(false);
        return response?.AttestResponse is { Status: GatewayStatus.Ok } said && IPAddress.TryParse(said.Address, out var address) ? address : null;
    }

    /// <summary>Asks for peers and gateways to begin with another time; null when no answer came.</summary>
    internal async Task<SampleResponse?> SampleAsync(CancellationToken cancellationToken)
    {
        var response = await RequestAsync(new GatewayEnvelope { SampleRequest = new SampleRequest() }, cancellationToken).ConfigureAwait(false);
        return response?.SampleResponse;
    }

    private async Task<GatewayEnvelope?> RequestAsync(GatewayEnvelope envelope, CancellationToken cancellationToken, TimeSpan? patience = null)
    {
        if (_pending.Count >= MaxPending)
            return null;
        envelope.Id = Interlocked.Increment(ref _lastId);
        var waiting = new TaskCompletionSource<GatewayEnvelope>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[envelope.Id] = waiting;
        var answered = Task.WhenAny(waiting.Task, session.Completion);
        // Also frees what waits for room on the link with a gateway that is gone.
        var watching = GatewayProbe.WatchAsync(session, answered, isOnce: false, timeProvider);
        try
        {
            await session.Sender.SendAsync(GatewayCodec.Protocol, envelope.ToByteArray(), SessionDriver.DefaultPriority, cancellationToken).ConfigureAwait(false);
            var first = await answered.WaitAsync(patience ?? ResponseTimeout, timeProvider, cancellationToken).ConfigureAwait(false);
            return first == waiting.Task ? await waiting.Task.ConfigureAwait(false) : null;
        }
        catch (Exception e) when (e is TimeoutException or SessionEndedException)
        {
            return null;
        }
        finally
        {
            _pending.TryRemove(envelope.Id, out _);
            // Ends the WhenAny of a request without an answer: else it would hang on the session's completion for as long as that lives.
            waiting.TrySetCanceled(CancellationToken.None);
            await watching.ConfigureAwait(false);
        }
    }
}
