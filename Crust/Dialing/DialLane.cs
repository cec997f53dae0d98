using Crust.Primitives;

namespace Crust.Dialing;

/// <summary>The candidates of one transport in a <see cref="DialRace"/>: they start one after another.</summary>
/// <param name="runners">The candidates in their order.</param>
/// <param name="start">When the first one may start.</param>
internal sealed class DialLane(IEnumerable<DialRunner> runners, Instant start)
{
    private readonly Queue<DialRunner> _waiting = new(runners);

    /// <summary>When the next one may start.</summary>
    internal Instant NextStart { get; set; } = start;

    /// <summary>The next one to start; null when all have.</summary>
    internal DialRunner? Next => _waiting.TryPeek(out var next) ? next : null;

    /// <summary>The one that started last.</summary>
    internal DialRunner? Last { get; private set; }

    /// <summary>The next one starts; the one after it may at the given time.</summary>
    internal void Take(Instant nextStart)
    {
        Last = _waiting.Dequeue();
        NextStart = nextStart;
    }
}
