using Crust.GatewayProtocol;
using Crust.Identity;

namespace Crust.Gateway.Server;

/// <summary>What came of a dial-back.</summary>
/// <param name="Peer">Who was dialled.</param>
/// <param name="Addresses">Where, all on one IP.</param>
/// <param name="Outcomes">One for each address.</param>
/// <param name="IsIndependent">Whether another gateway dialled, which the peer had not sent anything to.</param>
/// <param name="Contacted">Where the peer had sent anything to, as it says: IP addresses.</param>
internal sealed record DialledBack(
    PeerId Peer, IReadOnlyList<PeerAddress> Addresses, IReadOnlyList<DialBackOutcome> Outcomes, bool IsIndependent, IReadOnlyList<string> Contacted);
