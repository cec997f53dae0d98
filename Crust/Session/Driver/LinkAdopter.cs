using Crust.Identity;
using Crust.Session.Handshakes;
using Crust.Transport;
using Microsoft.AspNetCore.Connections;

namespace Crust.Session.Driver;

/// <summary>
/// Turns links into sessions, for both roles: handshake, then a place in the <see cref="SessionTable"/>. A link that comes to nothing is
/// closed here. Thread safe.
/// </summary>
internal sealed class LinkAdopter(LinkHandshaker handshaker, HandshakeTerms terms, SessionTable table, ISessionOwner owner)
{
    /// <summary>Handshakes as the dialling side. Null when the other side cannot prove to be <paramref name="remote"/> or does not answer.</summary>
    internal async Task<SessionDriver?> InitiateAsync(ConnectionContext ownedLink, PeerId remote, ConnectionPath path, CancellationToken cancellationToken)
    {
        if (table.BeginHandshake(remote) is not { } nonces)
        {
            await ownedLink.DisposeAsync().ConfigureAwait(false);
            return null;
        }

        try
        {
            var link = await handshaker.InitiateAsync(ownedLink, remote, path, terms.Offer(nonces), cancellationToken).ConfigureAwait(false);
            return link is null ? null : await AdoptAsync(link).ConfigureAwait(false);
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
        HandshakeReply? Decide(HandshakeOffer offer)
        {
            if (table.BeginHandshake(offer.Initiator) is not { } nonces)
                return null;
            caller = offer.Initiator;
            return terms.Reply(offer, nonces, table.Promise(offer.Initiator, offer.Nonce, path));
        }

        try
        {
            var link = await handshaker.RespondAsync(ownedLink, path, Decide, cancellationToken).ConfigureAwait(false);
            if (link is null)
                return null;
            if (keep())
                return await AdoptAsync(link).ConfigureAwait(false);
            await link.DisposeAsync().ConfigureAwait(false);
            return null;
        }
        finally
        {
            if (caller is { } peer)
                table.EndHandshake(peer);
        }
    }

    private async Task<SessionDriver?> AdoptAsync(SecureLink link)
    {
        var adopted = table.Adopt(link);
        if (adopted.Session is null)
            await link.DisposeAsync().ConfigureAwait(false);
        if (adopted.IsNew)
        {
            owner.SessionOpened(adopted.Session!);
            adopted.Session!.Announced();
        }

        if (adopted.Outdated is { } outdated)
            await outdated.AbortAsync(GoodbyeCode.PeerRestarted, "The peer began anew and knows nothing of the session.").ConfigureAwait(false);
        return adopted.Session;
    }
}
