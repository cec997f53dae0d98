using Crust.Utp.Memory;

namespace Crust.Utp.Sending;

/// <summary>
/// How much may be written and not acknowledged: room for two congestion windows, so that the writer stays ahead of the path; where the round
/// trip is short, half as much again as is under way, since what waits for long falls out of the processor's caches. Grows as far as the endpoint's budget allows, and is given back by a
/// connection that rests.
/// </summary>
internal sealed class SendWindow(WindowBudget budget, int initialBytes, int maxBytes)
{
    /// <summary>Ours: within a host or a rack the processor is what limits.</summary>
    private const int ShortTripMicroseconds = 2_000;

    private int _granted;

    internal int LimitBytes => initialBytes + _granted;

    internal void Grow(int congestionWindowBytes, int inFlightBytes, int shortestTripMicroseconds)
    {
        var useful = shortestTripMicroseconds < ShortTripMicroseconds ? inFlightBytes * 3L / 2 : 2 * Math.Min(congestionWindowBytes, 2L * inFlightBytes);
        var wanted = Math.Min(maxBytes, useful) - LimitBytes;
        // In steps: a budget that is nearly spent is not asked for every packet.
        if (wanted > LimitBytes / 4)
            _granted += budget.Take((int)wanted);
    }

    internal void GiveBack()
    {
        budget.GiveBack(_granted);
        _granted = 0;
    }
}
