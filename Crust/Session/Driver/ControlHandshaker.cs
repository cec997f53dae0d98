using Crust.Cryptography;
using Crust.Identity;
using Crust.Session.Admission;
using Crust.Session.Circuits.Driver;
using Crust.Session.Handshakes;
using Crust.Transport;

namespace Crust.Session.Driver;

/// <summary>
/// Secures control circuits, for both roles: the same handshake as any link's, said to be for control, with a nonce of its own that no session ever has. What comes of it
/// never reaches the <see cref="SessionTable"/>. Thread safe.
/// </summary>
internal sealed class ControlHandshaker(LinkHandshaker handshaker, HandshakeTerms terms, AdmissionGate gate)
{
    /// <summary>Handshakes as the calling side; null when the other side cannot prove to be <paramref name="remote"/> or does not answer. Takes the link over.</summary>
    internal async Task<SecureLink?> InitiateAsync(CircuitLink ownedLink, PeerId remote, CancellationToken cancellationToken)
    {
        if (gate.Allows(remote))
            return await handshaker.InitiateAsync(ownedLink, remote, ConnectionPath.Relayed, terms.Offer(Nonces(), HandshakeFeatures.ControlOnly), static _ => true, cancellationToken).ConfigureAwait(false);
        await ownedLink.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    /// <summary>Handshakes as the called side; null when nothing came of it, or the caller means a session. Takes the link over.</summary>
    internal async Task<SecureLink?> RespondAsync(CircuitLink ownedLink, CancellationToken cancellationToken)
    {
        SessionPlace? place = null;
        HandshakeReply? Decide(HandshakeOffer offer)
        {
            if (!offer.Features.HasFlag(HandshakeFeatures.ControlOnly) || (place = gate.TryAdmit(offer.Initiator, ownedLink.RemoteEndPoint, hasSession: true)) is null)
                return null;
            return terms.Reply(offer, Nonces(), generation: 0);
        }

        try
        {
            return await handshaker.RespondAsync(ownedLink, ConnectionPath.Relayed, Decide, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // No session takes it: that comes over a link of its own.
            place?.Dispose();
        }
    }

    private static SessionNonces Nonces() => new(SessionNonce.FromBytes(SecureRandom.Bytes(SessionNonce.Length)), null);
}
