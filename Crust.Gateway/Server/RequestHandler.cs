using System.Net;
using System.Runtime.CompilerServices;
using Crust.Dialing.Driver;
using Crust.Gateway.Bootstrap;
using Crust.Gateway.Cluster;
using Crust.Gateway.Relay;
using Crust.GatewayProtocol;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session;
using Crust.Session.Admission;
using Crust.Session.Driver;
using Google.Protobuf;

namespace Crust.Gateway.Server;

/// <summary>
/// Answers what peers ask of a gateway. Nothing is believed that the peer did not sign; requests are counted per session. Requests of one
/// session come one at a time, those of different sessions side by side.
/// </summary>
internal sealed class RequestHandler(
    CrustNode node, AttachedPeers peers, ClusterLink cluster, DialBackService dialBack, Func<IEnumerable<string>> gatewayAddresses, MonotonicClock clock,
    Func<IEnumerable<string>>? ownAddresses = null, PeerIdentity? identity = null, CircuitRelay? relay = null, AttemptMetrics? attempts = null,
    BootstrapKeeper? bootstrap = null, Neighbourhoods? neighbourhoods = null, DrainNotifier? drain = null)
{
    /// <summary>
    /// A peer of ours that was heard so recently is here. Of one that was silent for longer the cluster is asked: its network may have changed, and it be attached elsewhere, long before we miss it. Ours: most
    /// who lost their way look for another one no sooner.
    /// </summary>
    private static readonly TimeSpan HeardLately = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait for what the cluster says of a peer that is attached here. Ours: it answers within milliseconds, or is in trouble.</summary>
    private static readonly TimeSpan ClusterPatience = TimeSpan.FromMilliseconds(200);

    private readonly ConditionalWeakTable<SessionDriver, RequestAllowance> _allowances = [];

    /// <summary>Handles one message of the gateway protocol; anything malformed is dropped.</summary>
    internal async ValueTask HandleAsync(DeliveredMessage message, CancellationToken cancellationToken)
    {
        if (!GatewayCodec.TryParse(message.Payload.Span, out var request))
            return;
        var connection = node.ConnectionOf(message.Session);
        var allowance = _allowances.GetOrCreateValue(message.Session);
        if (request is { Id: 0, BodyCase: GatewayEnvelope.BodyOneofCase.PunchReport } && peers.IsAttached(connection) && allowance.MayReport(clock.Now))
            attempts?.Take(request.PunchReport);
        if (request.Id == 0)
            return;
        var response = new GatewayEnvelope { Id = request.Id };
        switch (request.BodyCase)
        {
            case GatewayEnvelope.BodyOneofCase.ObserveRequest:
                if (!allowance.MayObserve(clock.Now))
                    return;
                response.ObserveResponse = new ObserveResponse { Observed = connection.RemoteEndPoint?.ToString() ?? "", Stun = node.Stun is { } stun ? StunServers.ToMessage(stun) : null };
                break;
            case GatewayEnvelope.BodyOneofCase.AttachRequest:
                response.AttachResponse = await AttachAsync(connection, allowance, request.AttachRequest, cancellationToken);
                break;
            case GatewayEnvelope.BodyOneofCase.FindRequest:
                response.FindResponse = await FindAsync(connection, allowance, request.FindRequest, cancellationToken);
                break;
            case GatewayEnvelope.BodyOneofCase.IntroduceRequest:
                response.IntroduceResponse = new IntroduceResponse { Status = await IntroduceAsync(connection, allowance, request.IntroduceRequest, cancellationToken) };
                break;
            case GatewayEnvelope.BodyOneofCase.DialBackRequest:
                // Dials take seconds: the session's other requests do not wait for them.
                if (peers.IsAttached(connection))
                    await dialBack.HandleAsync(connection, request.DialBackRequest, message.Payload.Length, answer => RespondAsync(message.Session, new GatewayEnvelope { Id = request.Id, DialBackResponse = answer }, CancellationToken.None));
                else
                    await RespondAsync(message.Session, new GatewayEnvelope { Id = request.Id, DialBackResponse = new DialBackResponse { Status = GatewayStatus.NotAttached } }, cancellationToken);
                return;
            case GatewayEnvelope.BodyOneofCase.AttestRequest:
                response.AttestResponse = Attest(message.Session, allowance, request.AttestRequest);
                break;
            case GatewayEnvelope.BodyOneofCase.SampleRequest:
                response.SampleResponse = Sample(connection, allowance);
                break;
            case GatewayEnvelope.BodyOneofCase.NeighboursRequest:
                response.NeighboursResponse = await NeighboursAsync(connection, allowance, cancellationToken);
                break;
            default:
                return;
        }

        try
        {
            await message.Session.Sender.SendAsync(GatewayCodec.Protocol, response.ToByteArray(), SessionDriver.DefaultPriority, cancellationToken);
            // After the answer: whoever lost to a newer process has nothing to do here.
            if (response.AttachResponse is { Status: GatewayStatus.Superseded })
                await message.Session.CloseAsync(GoodbyeCode.IdentityElsewhere, EpochRule.Reason);
            // Taken while the order came: the notice to all may have gone out before.
            if (drain is { IsDraining: true } && IsTaken(response.AttachResponse?.Status) && peers.Find(connection.Peer) is { } entry && entry.Connection == connection)
                drain.Tell(entry);
        }
        catch (SessionEndedException)
        {
            // Whoever asked is gone.
        }
    }

    private static bool IsTaken(GatewayStatus? status) => status is GatewayStatus.Ok or GatewayStatus.Unavailable or GatewayStatus.StorageUnavailable;

    private static async Task RespondAsync(SessionDriver session, GatewayEnvelope response, CancellationToken cancellationToken)
    {
        try
        {
            await session.Sender.SendAsync(GatewayCodec.Protocol, response.ToByteArray(), SessionDriver.DefaultPriority, cancellationToken);
        }
        catch (SessionEndedException)
        {
            // Whoever asked is gone.
        }
    }

    /// <summary>Only to who has a circuit with the peer: others have no business with its address.</summary>
    private AttestResponse Attest(SessionDriver asker, RequestAllowance allowance, AttestRequest request)
    {
        if (!allowance.MayAttest(clock.Now))
            return new AttestResponse { Status = GatewayStatus.Throttled };
        return PeerId.TryFromBytes(request.Peer.Span, out var peer) && relay?.Attest(asker, peer) is { } address
            ? new AttestResponse { Status = GatewayStatus.Ok, Address = LocalAddresses.Unmapped(new IPEndPoint(address, 0)).Address.ToString() }
            : new AttestResponse { Status = GatewayStatus.NotFound };
    }

    private async Task<NeighboursResponse> NeighboursAsync(PeerConnection connection, RequestAllowance allowance, CancellationToken cancellationToken)
    {
        if (!peers.IsAttached(connection))
            return new NeighboursResponse { Status = GatewayStatus.NotAttached };
        if (!allowance.MayAskNeighbours(clock.Now))
            return new NeighboursResponse { Status = GatewayStatus.Throttled };
        var response = new NeighboursResponse { Status = GatewayStatus.Ok };
        foreach (var record in neighbourhoods is null ? [] : await neighbourhoods.OfAsync(connection.Peer, cancellationToken))
            response.Records.Add(UnsafeByteOperations.UnsafeWrap(record));
        return response;
    }

    private async Task<AttachResponse> AttachAsync(PeerConnection connection, RequestAllowance allowance, AttachRequest request, CancellationToken cancellationToken)
    {
        if (!allowance.MayAttach(clock.Now))
            return new AttachResponse { Status = GatewayStatus.Throttled };
        var signedRecord = request.Record.ToByteArray();
        var signedAttachment = request.Attachment.ToByteArray();
        var now = clock.TimeProvider.GetUtcNow();
        if (!Attachment.TryVerify(signedAttachment, node.Network, out var attachment) || attachment!.Peer != connection.Peer
            || attachment.Gateway != node.Id || !attachment.IsFresh(now)
            || !PeerRecord.TryVerify(signedRecord, node.Network, out var record) || record!.Peer != connection.Peer || !record.IsCurrent(now))
            return new AttachResponse { Status = GatewayStatus.Invalid };
        var isRenewal = peers.IsAttached(connection);
        if (drain is { IsDraining: true } && !isRenewal)
            return Answer(GatewayStatus.Draining);
        // Here first: a cluster that is away learns of the peer later.
        var entry = new AttachedEntry(connection, new AttachedPeer(attachment.Peer, signedAttachment, record.Sequence, attachment.Epoch), signedRecord, request.TakesCircuits);
        if (!peers.TrySet(entry))
            return new AttachResponse { Status = GatewayStatus.Superseded };
        AttachOutcome outcome;
        try
        {
            outcome = await cluster.AttachAsync(signedRecord, signedAttachment, cancellationToken);
        }
        catch
        {
            TakeBackIfEnded(connection);
            throw;
        }

        var status = outcome switch
        {
            AttachOutcome.Attached => GatewayStatus.Ok,
            AttachOutcome.RecordStale => GatewayStatus.Stale,
            AttachOutcome.StorageUnavailable => GatewayStatus.StorageUnavailable,
            AttachOutcome.Unavailable => GatewayStatus.Unavailable,
            AttachOutcome.Superseded => GatewayStatus.Superseded,
            AttachOutcome.Denied => GatewayStatus.Denied,
            _ => GatewayStatus.Invalid,
        };
        var isRefused = status is GatewayStatus.Invalid or GatewayStatus.Superseded or GatewayStatus.Denied;
        if (isRefused)
            peers.Remove(connection);
        if (!TakeBackIfEnded(connection) && !isRefused)
            bootstrap?.HandleAttached(record, entry);
        // Stays attached until it leaves; one that does not know the notice takes this for a refusal, and leaves.
        return Answer(isRenewal && IsTaken(status) && drain is { IsDraining: true } ? GatewayStatus.Draining : status);
    }

    /// <summary>
    /// The session may have ended while the cluster was asked, before there was an entry to remove: nobody else would take back what the cluster was told. Not within the request, whose time is over with the session.
    /// </summary>
    private bool TakeBackIfEnded(PeerConnection connection)
    {
        if (connection.IsOpen || peers.Remove(connection) is not { } gone)
            return false;
        cluster.DetachLater(gone.Peer.Peer, gone.Peer.Epoch);
        return true;
    }

    private AttachResponse Answer(GatewayStatus status)
    {
        var response = new AttachResponse { Status = status };
        response.Gateways.AddRange(gatewayAddresses().Take(GatewayCodec.MaxGateways));
        return response;
    }

    /// <summary>Peers to begin with, and the gateways: from memory, so that no storm of these reaches the cluster.</summary>
    private SampleResponse Sample(PeerConnection connection, RequestAllowance allowance)
    {
        if (!peers.IsAttached(connection))
            return new SampleResponse { Status = GatewayStatus.NotAttached };
        if (bootstrap is null || !allowance.MaySample(clock.Now))
            return new SampleResponse { Status = GatewayStatus.Throttled };
        var response = new SampleResponse { Status = GatewayStatus.Ok };
        response.Peers.AddRange(bootstrap.Sample(GatewayCodec.MaxSampledPeers, connection.Peer).Take(GatewayCodec.MaxSampledPeers).Select(e => new SampledPeer { Record = ByteString.CopyFrom(e.Entry.SignedRecord), Proven = e.Entry.Proven }));
        response.Gateways.AddRange(gatewayAddresses().Take(GatewayCodec.MaxSampledGateways));
        return response;
    }

    private async Task<FindResponse> FindAsync(PeerConnection connection, RequestAllowance allowance, FindRequest request, CancellationToken cancellationToken)
    {
        if (!peers.IsAttached(connection))
            return new FindResponse { Status = GatewayStatus.NotAttached };
        if (!allowance.MayLookUp(clock.Now))
            return new FindResponse { Status = GatewayStatus.Throttled };
        if (!PeerId.TryFromBytes(request.Peer.Span, out var peer))
            return new FindResponse { Status = GatewayStatus.Invalid };
        if (peers.Find(peer) is { } local && !await IsElsewhereAsync(local, cancellationToken))
        {
            var here = new FindResponse { Status = GatewayStatus.Ok, Record = ByteString.CopyFrom(local.SignedRecord) };
            if (local.TakesCircuits && ownAddresses is not null)
                here.Home.AddRange(ownAddresses().Take(GatewayCodec.MaxHomeAddresses));
            return here;
        }

        var found = await cluster.FindAsync(peer, cancellationToken);
        if (found.Status == FindStatus.Unavailable)
            return new FindResponse { Status = GatewayStatus.Unavailable };
        if (found.Lookup?.SignedRecord is not { } record)
            return new FindResponse { Status = GatewayStatus.NotFound };
        var response = new FindResponse { Status = GatewayStatus.Ok, Record = ByteString.CopyFrom(record), Stale = found.Status == FindStatus.Stale };
        if (found.Lookup.Gateway is { } home && home.Gateway != node.Id && identity is not null)
        {
            response.Home.AddRange(home.Heartbeat.Addresses.Take(GatewayCodec.MaxHomeAddresses));
            response.CircuitToken = ByteString.CopyFrom(CircuitToken.Sign(identity, node.Network, connection.Peer, peer, clock.TimeProvider.GetUtcNow()));
        }

        return response;
    }

    /// <summary>Whether a peer that was attached here, and has been silent for a while, is attached to another gateway by now.</summary>
    private async Task<bool> IsElsewhereAsync(AttachedEntry local, CancellationToken cancellationToken)
    {
        if (local.Connection.Session.Silence < HeardLately)
            return false;
        var asking = cluster.FindAsync(local.Peer.Peer, cancellationToken);
        await ((Task)asking).WaitAsync(ClusterPatience, clock.TimeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // The later statement counts: a cluster that began anew may have heard of the older one first.
        return asking.IsCompletedSuccessfully && await asking is { Status: FindStatus.Found, Lookup: { Gateway: { } home, Presence.SignedAttachment: { } signed } } && home.Gateway != node.Id
            && Attachment.TryRead(signed, out var there) && Attachment.TryRead(local.Peer.SignedAttachment, out var here) && there!.UnixMilliseconds > here!.UnixMilliseconds;
    }

    private async Task<GatewayStatus> IntroduceAsync(PeerConnection connection, RequestAllowance allowance, IntroduceRequest request, CancellationToken cancellationToken)
    {
        if (!peers.IsAttached(connection))
            return GatewayStatus.NotAttached;
        if (!allowance.MayIntroduce(clock.Now))
            return GatewayStatus.Throttled;
        if (!PeerId.TryFromBytes(request.Peer.Span, out var target) || request.Attempt.Length != GatewayCodec.AttemptIdLength
            || !PeerRecord.TryVerify(request.Record.Span, node.Network, out var record) || record!.Peer != connection.Peer
            || !record.IsCurrent(clock.TimeProvider.GetUtcNow()))
            return GatewayStatus.Invalid;
        var attempt = request.Attempt.ToByteArray();
        var signedRecord = request.Record.ToByteArray();
        if (peers.Find(target) is { } local && !await IsElsewhereAsync(local, cancellationToken) && peers.Introduce(target, signedRecord, attempt))
            return GatewayStatus.Ok;
        return await cluster.IntroduceAsync(target, signedRecord, attempt, cancellationToken) switch
        {
            IntroduceOutcome.Queued => GatewayStatus.Ok,
            IntroduceOutcome.Busy => GatewayStatus.Throttled,
            IntroduceOutcome.Invalid => GatewayStatus.Invalid,
            IntroduceOutcome.Unavailable => GatewayStatus.Unavailable,
            _ => GatewayStatus.NotFound,
        };
    }
}
