using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session.Admission;
using Crust.Session.Handshakes;
using Crust.Transport;
using Microsoft.AspNetCore.Connections;

namespace Crust.Session.Driver;

/// <summary>
/// Turns links into sessions, for both roles: handshake, then a place in the <see cref="SessionTable"/>. A link that comes to nothing is
/// closed here. Thread safe.
/// </summary>
internal sealed class LinkAdopter(
    LinkHandshaker handshaker, HandshakeTerms terms, SessionTable table, ISessionOwner owner, AdmissionGate gate, MonotonicClock clock)
{
    /// <summary>What a peer reads whose session ends because the lists no longer allow it.</summary>
    internal const string NotAllowed = "The other side's access list does not allow this peer.";

    /// <summary>Why a link is punched, for people.</summary>
    internal const string Punched = "both sides opened their NATs or firewalls for it";

    private const string DialledOverTcp = "the peer dialled this node over TCP", DialledOverUtp = "the peer dialled this node over µTP", Called = "the peer called this node over a gateway";

    /// <summary>Handshakes as the dialling side. Null when the other side cannot prove to be <paramref name="remote"/> or does not answer.</summary>
    /// <param name="ownedLink">The link.</param>
    /// <param name="remote">Who must answer.</param>
    /// <param name="path">The link's way.</param>
    /// <param name="why">Why this link and not another, for people.</param>
    /// <param name="cancellationToken">Gives it up, as long as nothing came of it.</param>
    internal Task<SessionDriver?> InitiateAsync(ConnectionContext ownedLink, PeerId remote, ConnectionPath path, string why, CancellationToken cancellationToken) =>
        InitiateAsync(ownedLink, remote, path, () => why, cancellationToken);

    /// <summary>The same; why this link and not another is asked once the handshake has succeeded.</summary>
    internal async Task<SessionDriver?> InitiateAsync(ConnectionContext ownedLink, PeerId remote, ConnectionPath path, Func<string> why, CancellationToken cancellationToken)
    {
        if (!gate.Allows(remote) || table.BeginHandshake(remote) is not { } nonces)
        {
            await ownedLink.DisposeAsync().ConfigureAwait(false);
            return null;
        }

        try
        {
            var link = await handshaker.InitiateAsync(ownedLink, remote, path, terms.Offer(nonces), table.MayConfirm, cancellationToken).ConfigureAwait(false);
            if (link is null)
                return null;
            link.Why = why();
            return await AdoptAsync(link, place: null).ConfigureAwait(false);
        }
        finally
        {
            table.EndHandshake(remote);
        }
    }

    /// <summary>
    /// Handshakes as the accepting side; null when nothing came of it. <paramref name="keep"/> is asked once the other side is proven,
    /// whether the link may stay.
    /// </summary>
    internal async Task<SessionDriver?> RespondAsync(ConnectionContext ownedLink, ConnectionPath path, Func<bool> keep, CancellationToken cancellationToken)
    {
        PeerId? caller = null;
        SessionPlace? place = null;
        HandshakeReply? Decide(HandshakeOffer offer)
        {
            // What is meant for a control circuit carries no session, whatever a gateway makes of it.
            if (offer.Features.HasFlag(HandshakeFeatures.ControlOnly))
                return null;
            place = gate.TryAdmit(offer.Initiator, ownedLink.RemoteEndPoint, table.Find(offer.Initiator) is not null);
            if (place is null || table.BeginHandshake(offer.Initiator) is not { } nonces)
                return null;
            caller = offer.Initiator;
            return terms.Reply(offer, nonces, table.Promise(offer.Initiator, offer.Nonce, path));
        }

        try
        {
            var link = await handshaker.RespondAsync(ownedLink, path, Decide, cancellationToken).ConfigureAwait(false);
            if (link is null)
                return null;
            link.Why = path switch
            {
                ConnectionPath.Relayed => Called,
                ConnectionPath.PunchedTcp or ConnectionPath.PunchedUtp => Punched,
                _ => path.ToTransport() == TransportKind.Utp ? DialledOverUtp : DialledOverTcp,
            };
            if (keep())
                return await AdoptAsync(link, place).ConfigureAwait(false);
            await link.DisposeAsync().ConfigureAwait(false);
            return null;
        }
        finally
        {
            place?.Dispose();
            if (caller is { } peer)
                table.EndHandshake(peer);
        }
    }

    private async Task<SessionDriver?> AdoptAsync(SecureLink link, SessionPlace? place)
    {
        var adopted = table.Adopt(link);
        if (adopted.Epoch == EpochVerdict.Older)
            await LinkFarewell.SayAsync(link, GoodbyeCode.IdentityElsewhere, EpochRule.Reason, clock).ConfigureAwait(false);
        else if (adopted.Session is null)
            await link.DisposeAsync().ConfigureAwait(false);
        if (adopted.IsNew)
        {
            place?.PassTo(adopted.Session!);
            owner.SessionOpened(adopted.Session!);
            adopted.Session!.Announced();
        }

        if (adopted.Outdated is { } outdated)
        {
            // Without a link there is nobody to tell: that process is gone.
            await (adopted.Epoch == EpochVerdict.Newer && !outdated.IsSuspended
                ? outdated.AbortAsync(GoodbyeCode.IdentityElsewhere, EpochRule.Reason)
                : outdated.AbortAsync(GoodbyeCode.PeerRestarted, "The peer began anew and knows nothing of the session.")).ConfigureAwait(false);
        }

        // The lists may have changed during the handshake. Now that the session has its place, a later change finds it there.
        if (adopted.Session is { } session && !gate.TryKeep(session))
        {
            await session.AbortAsync(GoodbyeCode.Denied, NotAllowed).ConfigureAwait(false);
            return null;
        }

        return adopted.Session ?? (adopted.Surviving is { Closure: null } surviving ? surviving : null);
    }
}
