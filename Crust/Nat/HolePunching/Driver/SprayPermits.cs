using System.Net;
using Crust.Primitives;
using Crust.Primitives.Driver;

namespace Crust.Nat.HolePunching.Driver;

/// <summary>One spray at a time, and for each destination one in <see cref="Pause"/>. Thread safe.</summary>
internal sealed class SprayPermits(MonotonicClock clock)
{
    /// <summary>Between sprays to one address. Ours: a spray lasts 13 s and misses once in a hundred tries.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    /// <summary>Destinations that are remembered.</summary>
    private const int Capacity = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, Instant> _last = [];
    private bool _isTaken;

    /// <summary>Takes the permit; <see cref="Release"/> gives it back.</summary>
    internal bool TryTake(IPAddress destination)
    {
        lock (_gate)
        {
            var now = clock.Now;
            if (_isTaken || (_last.TryGetValue(destination, out var before) && now - before < Pause))
                return false;
            foreach (var (address, at) in _last)
            {
                if (now - at >= Pause)
                    _last.Remove(address);
            }

            if (_last.Count >= Capacity)
                return false;
            _last[destination] = now;
            _isTaken = true;
            return true;
        }
    }

    internal void Release()
    {
        lock (_gate)
            _isTaken = false;
    }
}
