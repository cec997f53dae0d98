namespace Crust.Primitives;

/// <summary>A token bucket: <paramref name="burst"/> at once, <paramref name="perSecond"/> on average. Pure; one thread at a time.</summary>
internal sealed class TokenBucket(double perSecond, double burst)
{
    private readonly double _burst = burst;
    private double _tokens = burst;
    private Instant? _last;

    /// <summary>True when a whole burst is available: an idle bucket holds no information and may be forgotten.</summary>
    internal bool IsFull(Instant now)
    {
        Refill(now);
        return _tokens >= _burst;
    }

    /// <summary>Takes one token; false when there is none.</summary>
    internal bool TryTake(Instant now)
    {
        Refill(now);
        if (_tokens < 1)
            return false;
        _tokens--;
        return true;
    }

    private void Refill(Instant now)
    {
        if (_last is { } last && now > last)
            _tokens = Math.Min(_burst, _tokens + (now - last).TotalSeconds * perSecond);
        if (_last is null || now > _last)
            _last = now;
    }
}
