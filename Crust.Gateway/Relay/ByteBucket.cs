using Crust.Primitives;

namespace Crust.Gateway.Relay;

/// <summary>A token bucket of bytes that may go into debt by what was taken last, so that any share fits it: at most a tenth of a second's worth at once. Pure.</summary>
internal sealed class ByteBucket(long perSecond, Instant now)
{
    private readonly double _burst = perSecond / 10.0;
    private double _bytes = perSecond / 10.0;
    private Instant _last = now;

    /// <summary>True when something may be taken.</summary>
    internal bool HasAny(Instant at)
    {
        Refill(at);
        return _bytes > 0;
    }

    /// <summary>True when nothing was taken for long.</summary>
    internal bool IsFull(Instant at)
    {
        Refill(at);
        return _bytes >= _burst;
    }

    internal void Take(long bytes) => _bytes -= bytes;

    private void Refill(Instant at)
    {
        if (at <= _last)
            return;
        _bytes = Math.Min(_burst, _bytes + (at - _last).TotalSeconds * perSecond);
        _last = at;
    }
}
