using System.Net;
using System.Runtime.CompilerServices;
using Crust.Identity;
using Crust.Session.Driver;

namespace Crust.GatewayProtocol.Driver;

/// <summary>
/// Asks gateways, our own or another whose circuits we use, where they see peers. Thread safe.
/// </summary>
internal sealed class Attestor(Func<GatewayAttachment?> attachment, TimeProvider timeProvider)
{
    private readonly ConditionalWeakTable<SessionDriver, GatewayClient> _clients = [];

    /// <summary>Where the gateway at the other end of a session sees a peer; null when it does not say.</summary>
    internal Task<IPAddress?> AskAsync(SessionDriver gateway, PeerId peer, CancellationToken cancellationToken)
    {
        var client = attachment()?.Current is { } own && own.Session == gateway ? own : _clients.GetValue(gateway, session => new GatewayClient(session, timeProvider));
        return client.AttestAsync(peer, cancellationToken);
    }

    /// <summary>Takes an answer to such a question from a gateway that is not our own; false when it is none.</summary>
    internal bool TryHandle(DeliveredMessage message)
    {
        if (!_clients.TryGetValue(message.Session, out var client) || !GatewayCodec.TryParse(message.Payload.Span, out var envelope)
            || envelope.BodyCase != GatewayEnvelope.BodyOneofCase.AttestResponse)
            return false;
        client.HandleResponse(envelope);
        return true;
    }
}
