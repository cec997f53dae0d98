namespace Crust.Gateway.Files.Driver;

/// <summary>Holds sending to a rate, if one is given. One thread at a time.</summary>
/// <param name="bytesPerSecond">The rate; null: none.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class RatePacer(long? bytesPerSecond, TimeProvider timeProvider)
{
    /// <summary>What was not used is lost after this long: a pause makes no burst.</summary>
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(100);

    private readonly long _start = timeProvider.GetTimestamp();
    private TimeSpan _due;

    /// <summary>Waits until so many bytes more may go.</summary>
    internal async ValueTask WaitAsync(int bytes, CancellationToken cancellationToken)
    {
        if (bytesPerSecond is not { } rate)
            return;
        var now = timeProvider.GetElapsedTime(_start);
        if (_due < now - Burst)
            _due = now - Burst;
        _due += TimeSpan.FromSeconds(bytes / (double)rate);
        if (_due > now)
            await Task.Delay(_due - now, timeProvider, cancellationToken);
    }
}
