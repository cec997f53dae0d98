namespace Crust.Primitives;

/// <summary>A point on a monotonic clock, in microseconds since an arbitrary origin. Only differences mean anything.</summary>
internal readonly record struct Instant(long Microseconds) : IComparable<Instant>
{
    public static Instant operator +(Instant left, TimeSpan right) => new(left.Microseconds + right.Ticks / TimeSpan.TicksPerMicrosecond);

    public static Instant operator -(Instant left, TimeSpan right) => new(left.Microseconds - right.Ticks / TimeSpan.TicksPerMicrosecond);

    public static TimeSpan operator -(Instant left, Instant right) => TimeSpan.FromTicks((left.Microseconds - right.Microseconds) * TimeSpan.TicksPerMicrosecond);

    public static bool operator <(Instant left, Instant right) => left.Microseconds < right.Microseconds;

    public static bool operator >(Instant left, Instant right) => left.Microseconds > right.Microseconds;

    public static bool operator <=(Instant left, Instant right) => left.Microseconds <= right.Microseconds;

    public static bool operator >=(Instant left, Instant right) => left.Microseconds >= right.Microseconds;

    public int CompareTo(Instant other) => Microseconds.CompareTo(other.Microseconds);

    /// <summary>The earlier of two deadlines, where null means none.</summary>
    internal static Instant? Earlier(Instant? left, Instant? right) =>
        left is null ? right : right is null ? left : left.Value <= right.Value ? left : right;
}
