using Crust.Utp.Memory;

namespace Crust.Utp.Receiving;

/// <summary>
/// How much the other side may send beyond what was read. Begins small, and doubles while a whole window arrives and is read within two round trips,
/// as far as the endpoint's budget allows: a window that is larger than the path needs only pushes the bytes out of the processor's caches.
/// Small again when the connection rests.
/// </summary>
internal sealed class ReceiveWindow(WindowBudget budget, int initialBytes, int maxBytes)
{
    /// <summary>Ours: a window that is used up within this time may be too small while the round trip is not known.</summary>
    private const long UnknownMicroseconds = 1_000_000;

    /// <summary>Ours: on the shortest paths threads need time to take turns; half a millisecond is half a megabyte at 1 GB/s.</summary>
    private const long MinQuickMicroseconds = 500;

    /// <summary>Ours: the shortest round trip is forgotten bit by bit, a 16th in each round.</summary>
    private const int ForgettingShift = 4;

    private long _roundEnd;
    private long _roundMicroseconds;
    private long _roundTripMicroseconds;
    private int _granted;

    /// <summary>Most bytes held for the reader.</summary>
    internal int LimitBytes { get; private set; } = initialBytes;

    /// <summary>A packet told the delays of both ways: their sum is a round trip without the time that anybody waited.</summary>
    internal void AddRoundTrip(long microseconds)
    {
        if (_roundTripMicroseconds == 0 || microseconds < _roundTripMicroseconds)
            _roundTripMicroseconds = microseconds;
    }

    /// <summary>In-order bytes came in.</summary>
    /// <param name="end">Bytes received in order since the beginning.</param>
    /// <param name="unread">Of these, how many wait for the reader.</param>
    /// <param name="nowMicroseconds">The time.</param>
    internal void Received(long end, int unread, long nowMicroseconds)
    {
        if (end < _roundEnd)
            return;
        // A reader that leaves half a window lying needs no larger one.
        if (_roundEnd > 0 && nowMicroseconds - _roundMicroseconds < QuickMicroseconds && unread <= LimitBytes / 2 && LimitBytes < maxBytes)
        {
            var growth = budget.Take(Math.Min(LimitBytes, maxBytes - LimitBytes));
            LimitBytes += growth;
            _granted += growth;
        }

        _roundEnd = end + LimitBytes;
        _roundMicroseconds = nowMicroseconds;
        _roundTripMicroseconds += _roundTripMicroseconds >> ForgettingShift;
    }

    private long QuickMicroseconds => _roundTripMicroseconds == 0 ? UnknownMicroseconds : Math.Max(2 * _roundTripMicroseconds, MinQuickMicroseconds);

    /// <summary>
    /// Nothing comes: growth goes back to the budget, true when there was some. A sender that begins in this very moment may see some packets refused, and repeats them.
    /// </summary>
    internal bool Rest()
    {
        if (_granted == 0)
            return false;
        LimitBytes -= _granted;
        _roundEnd = 0;
        GiveBack();
        return true;
    }

    internal void GiveBack()
    {
        budget.GiveBack(_granted);
        _granted = 0;
    }
}
