using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>When the phases of an attempt ended; null for those that it did not come to.</summary>
/// <param name="start">When it began.</param>
internal sealed class PunchTimes(Instant start)
{
    internal Instant Start => start;

    /// <summary>Servers had answered.</summary>
    internal Instant? Gathered { get; set; }

    /// <summary>Both descriptions were known.</summary>
    internal Instant? Met { get; set; }

    /// <summary>The remote's first check, or answer to one, came in.</summary>
    internal Instant? Heard { get; set; }

    /// <summary>A pair was nominated.</summary>
    internal Instant? Nominated { get; set; }

    /// <summary>From the beginning until then.</summary>
    internal TimeSpan? Until(Instant? moment) => moment is { } at ? at - start : null;
}
