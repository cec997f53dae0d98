using Crust.Identity;

namespace Crust.GatewayProtocol;

/// <summary>
/// The gateways a node may try: those it was told at the start, for ever, and those that gateways told it, at most
/// <see cref="GatewayCodec.MaxGateways"/>. Pure.
/// </summary>
/// <param name="configured">What the node was told: dialled whatever it is.</param>
/// <param name="mayContact">Whether a learned address may be dialled: a gateway's word must not turn us against our own host.</param>
internal sealed class GatewayContacts(IReadOnlyList<PeerAddress> configured, Func<PeerAddress, bool> mayContact)
{
    private List<PeerAddress> _learned = [];

    /// <summary>Replaces what was learned by what an attached gateway says now. Texts that are no address, and addresses that may not be dialled, are skipped.</summary>
    internal void Learn(IEnumerable<string> addresses)
    {
        var parsed = new List<PeerAddress>();
        foreach (var text in addresses.Take(GatewayCodec.MaxGateways))
        {
            if (PeerAddress.TryParse(text, out var address) && mayContact(address) && !parsed.Contains(address))
                parsed.Add(address);
        }

        // An empty answer is no reason to forget the way to everybody.
        if (parsed.Count > 0)
            _learned = parsed;
    }

    /// <summary>True when there is a gateway to go to if this one is lost.</summary>
    internal bool KnowsOtherThan(PeerId gateway) => configured.Concat(_learned).Any(a => a.Peer != gateway);

    /// <summary>The contacts in the order to try them: configured ones, then learned ones; the gateway that was just lost last.</summary>
    internal IReadOnlyList<PeerAddress> InOrder(PeerId? lost) =>
        [.. configured.Concat(_learned).Distinct().OrderBy(a => a.Peer == lost ? 1 : 0)];

    /// <summary>The same, gateway by gateway: the addresses of one race each other.</summary>
    internal IReadOnlyList<IReadOnlyList<PeerAddress>> ByGateway(PeerId? lost) => [.. InOrder(lost).GroupBy(a => a.Peer).Select(g => g.ToArray())];
}
