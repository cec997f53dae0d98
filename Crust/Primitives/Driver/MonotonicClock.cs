namespace Crust.Primitives.Driver;

/// <summary>Turns a <see cref="TimeProvider"/> into <see cref="Instant"/>s, counted from the clock's own start. Thread safe.</summary>
internal sealed class MonotonicClock(TimeProvider timeProvider)
{
    private readonly long _start = timeProvider.GetTimestamp();

    internal TimeProvider TimeProvider => timeProvider;

    internal Instant Now => new(timeProvider.GetElapsedTime(_start).Ticks / TimeSpan.TicksPerMicrosecond);

    internal ulong UnixMilliseconds => (ulong)timeProvider.GetUtcNow().ToUnixTimeMilliseconds();
}
