using Crust.Primitives;

namespace Crust.Session.Admission;

/// <summary>
/// Token buckets by key, a bounded number. Only full buckets are forgotten, which hold no information: nobody who is being held back can be
/// flushed out by strangers, however many they are; when all places are held by offenders, it is newcomers who wait. Pure; one thread at a time.
/// </summary>
internal sealed class BucketTable<TKey>(double perSecond, double burst, int capacity) where TKey : notnull
{
    private readonly Dictionary<TKey, TokenBucket> _buckets = [];
    private Instant? _swept;

    /// <summary>Keys remembered.</summary>
    internal int Count => _buckets.Count;

    /// <summary>Takes one token; false when there is none, or no place for the key.</summary>
    internal bool TryTake(TKey key, Instant now)
    {
        if (!_buckets.TryGetValue(key, out var bucket))
        {
            if (_buckets.Count >= capacity && !TryMakeRoom(now))
                return false;
            _buckets[key] = bucket = new TokenBucket(perSecond, burst);
        }

        return bucket.TryTake(now);
    }

    /// <summary>Looks through the table at most once in the time that one token takes: before, hardly another bucket is full, and strangers could make us look at each packet.</summary>
    private bool TryMakeRoom(Instant now)
    {
        if (_swept is { } last && (now - last).TotalSeconds * perSecond < 1)
            return false;
        _swept = now;
        foreach (var (idle, _) in _buckets.Where(b => b.Value.IsFull(now)).ToList())
            _buckets.Remove(idle);
        return _buckets.Count < capacity;
    }
}
