using Crust.Nat.Stun;
using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>
/// The checks that came last and where from: one that comes again from elsewhere was recorded by somebody who wants us to write there, and is dropped. A part of
/// <see cref="PunchMachine"/>. Pure.
/// </summary>
internal sealed class RecentChecks
{
    /// <summary>Ours: what an attempt receives in its busiest seconds.</summary>
    private const int Capacity = 256;

    private readonly Dictionary<StunTransactionId, TransportAddress> _seen = [];
    private readonly Queue<StunTransactionId> _order = new();

    /// <summary>Notes a check; false when it is a replay.</summary>
    internal bool TryNote(StunTransactionId transaction, TransportAddress from)
    {
        if (_seen.TryGetValue(transaction, out var before))
            return before == from;
        if (_order.Count == Capacity)
            _seen.Remove(_order.Dequeue());
        _order.Enqueue(transaction);
        _seen.Add(transaction, from);
        return true;
    }
}
