using Crust.Identity;

namespace Crust.Access;

/// <summary>
/// What operators ordered, as it counts now: bans, the allow list and drained gateways. Takes verified orders in the order in which the cluster took them; an order takes the place
/// of the one before on the same matter. Pure; one thread at a time.
/// </summary>
internal sealed class OperatorPolicy
{
    private readonly Dictionary<PeerId, OperatorOrder> _banned = [];
    private readonly Dictionary<PeerId, OperatorOrder> _allowed = [];
    private readonly Dictionary<PeerId, OperatorOrder> _draining = [];

    /// <summary>Orders that count.</summary>
    internal int Count => _banned.Count + _allowed.Count + _draining.Count;

    /// <summary>The orders that count.</summary>
    internal IEnumerable<OperatorOrder> Orders => _banned.Values.Concat(_allowed.Values).Concat(_draining.Values);

    /// <summary>Peers that are banned.</summary>
    internal IReadOnlyCollection<PeerId> Banned => _banned.Keys;

    /// <summary>Peers on the allow list; while it is empty there is none.</summary>
    internal IReadOnlyCollection<PeerId> Allowed => _allowed.Keys;

    /// <summary>Takes an order.</summary>
    internal void Apply(OperatorOrder order)
    {
        var matter = MatterOf(order.Kind);
        if (IsInForce(order.Kind))
            matter[order.Subject] = order;
        else
            matter.Remove(order.Subject);
    }

    /// <summary>True for an order that counts until another takes it back; false for one that takes back.</summary>
    internal static bool IsInForce(OrderKind kind) => kind is OrderKind.Ban or OrderKind.Allow or OrderKind.Drain;

    /// <summary>True when both orders are on one matter: bans, the allow list or drains.</summary>
    internal static bool AreOneMatter(OrderKind one, OrderKind other) => ((int)one + 1) / 2 == ((int)other + 1) / 2;

    /// <summary>True when the peer may attach, and be found.</summary>
    internal bool Allows(PeerId peer) => !_banned.ContainsKey(peer) && (_allowed.Count == 0 || _allowed.ContainsKey(peer));

    /// <summary>True when the gateway takes no new peers.</summary>
    internal bool Drains(PeerId gateway) => _draining.ContainsKey(gateway);

    /// <summary>The access rules that say the same.</summary>
    internal AccessRules ToRules() => AccessRules.Of(_banned.Keys, _allowed.Count == 0 ? null : _allowed.Keys);

    private Dictionary<PeerId, OperatorOrder> MatterOf(OrderKind kind) => kind switch
    {
        OrderKind.Ban or OrderKind.Unban => _banned,
        OrderKind.Allow or OrderKind.Disallow => _allowed,
        _ => _draining,
    };
}
