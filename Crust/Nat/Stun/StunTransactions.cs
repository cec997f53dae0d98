using Crust.Primitives;

namespace Crust.Nat.Stun;

/// <summary>
/// Requests that wait for their answer, a bounded number. An answer belongs to one when it has its transaction id and comes from where it was
/// asked, or from where the request asked it to come from (RFC 8489 §6.3.3, RFC 5780 §7.2). Pure; one thread at a time.
/// </summary>
/// <typeparam name="TOwner">Who waits.</typeparam>
internal sealed class StunTransactions<TOwner>(int capacity) where TOwner : class
{
    private readonly Dictionary<StunTransactionId, (TransportAddress Source, TOwner Owner)> _waiting = [];

    internal int Count => _waiting.Count;

    /// <summary>Notes a request; false when there is no room or the id is in use.</summary>
    /// <param name="transaction">96 random bits.</param>
    /// <param name="source">Where the answer has to come from.</param>
    /// <param name="owner">Who waits for it.</param>
    internal bool TryAdd(StunTransactionId transaction, TransportAddress source, TOwner owner) =>
        _waiting.Count < capacity && _waiting.TryAdd(transaction, (source, owner));

    /// <summary>Whether an answer with this id is awaited from there.</summary>
    internal bool Claims(StunTransactionId transaction, TransportAddress source) => _waiting.TryGetValue(transaction, out var entry) && entry.Source == source;

    /// <summary>Takes the request that an answer from there belongs to; null when it belongs to none.</summary>
    internal TOwner? Take(StunTransactionId transaction, TransportAddress source) =>
        Claims(transaction, source) && _waiting.Remove(transaction, out var entry) ? entry.Owner : null;

    /// <summary>Nobody waits any longer.</summary>
    internal bool Remove(StunTransactionId transaction) => _waiting.Remove(transaction);
}
