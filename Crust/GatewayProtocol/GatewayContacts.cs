using Crust.Identity;

namespace Crust.GatewayProtocol;

/// <summary>
/// The gateways a node may try: those it was told at the start, for ever, and those that gateways told it, at most
/// <see cref="GatewayCodec.MaxGateways"/>. Pure.
/// </summary>
/// <param name="configured">What the node was told: dialled whatever it is.</param>
/// <param name="remembered">What the node remembers of earlier times, gateway by gateway, the best first; null: nothing.</param>
/// <param name="mayContact">Whether a learned address may be dialled: a gateway's word must not turn us against our own host.</param>
internal sealed class GatewayContacts(IReadOnlyList<PeerAddress> configured, Func<PeerAddress, bool> mayContact, Func<IReadOnlyList<IReadOnlyList<PeerAddress>>>? remembered = null)
{
    /// <summary>Waves of those that are remembered, and waves that they wait: two seconds.</summary>
    private const int RememberedAtOnce = 2, WavesAlone = 4;

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

    /// <summary>Gateways that are not tried.</summary>
    internal IReadOnlySet<PeerId> Excluded { get; set; } = new HashSet<PeerId>();

    /// <summary>
    /// Everybody to try, in waves, each with the patience of one contact: known ones one by one, and from the fifth wave on two remembered ones beside them. What was configured has the first word; when
    /// it is silent, the memory is through with twenty of its best in the ten seconds that a start may take.
    /// </summary>
    /// <param name="self">This node: never tried.</param>
    /// <param name="lost">The gateway that was just lost: tried last.</param>
    /// <param name="leaving">The gateway that the node is attached to and leaves: not tried.</param>
    internal IReadOnlyList<IReadOnlyList<IReadOnlyList<PeerAddress>>> InWaves(PeerId self, PeerId? lost, PeerId? leaving = null)
    {
        var known = ByGateway(lost).Where(c => IsWanted(c[0].Peer)).ToList();
        var from = remembered?.Invoke().Where(c => c.Count > 0 && IsWanted(c[0].Peer) && known.TrueForAll(k => k[0].Peer != c[0].Peer)).ToList() ?? [];
        var waves = new List<IReadOnlyList<IReadOnlyList<PeerAddress>>>();
        var (next, then) = (0, 0);
        while (next < known.Count || then < from.Count)
        {
            var wave = new List<IReadOnlyList<PeerAddress>>();
            if (next < known.Count)
                wave.Add(known[next++]);
            for (var i = 0; i < RememberedAtOnce && then < from.Count && (waves.Count >= WavesAlone || known.Count == 0); i++)
                wave.Add(from[then++]);
            waves.Add(wave);
        }

        return waves;

        bool IsWanted(PeerId gateway) => gateway != self && gateway != leaving && !Excluded.Contains(gateway);
    }
}
