using Crust.Primitives;

namespace Crust.Nat.Behavior;

/// <summary>
/// Tells that the machine slept: the time of day went on, and the monotonic clock did not (or the time of day was set, which costs a needless look). Pure.
/// </summary>
internal sealed class SleepDetector
{
    /// <summary>The difference that counts. Ours: far above what clocks are corrected by.</summary>
    internal static readonly TimeSpan Jump = TimeSpan.FromSeconds(10);

    private (Instant Monotonic, DateTimeOffset Wall)? _last;

    /// <summary>Takes the time on both clocks; true when the machine slept since the last call, however long ago that was.</summary>
    internal bool HandleTime(Instant monotonic, DateTimeOffset wall)
    {
        var last = _last;
        _last = (monotonic, wall);
        return last is { } before && ((wall - before.Wall) - (monotonic - before.Monotonic)).Duration() > Jump;
    }
}
