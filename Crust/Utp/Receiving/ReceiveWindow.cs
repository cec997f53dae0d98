using Crust.Utp.Memory;

namespace Crust.Utp.Receiving;

/// <summary>
/// How much the other side may send beyond what was read. Begins small, and doubles while whole windows arrive and are read quickly,
/// as far as the endpoint's budget allows. What was announced is never taken back while the connection lives.
/// </summary>
internal sealed class ReceiveWindow(WindowBudget budget, int initialBytes, int maxBytes)
{
    /// <summary>Ours: a window that is used up within this time was too small for a path of such a round trip. A receiver does not know its round trip.</summary>
    private const long QuickMicroseconds = 1_000_000;

    private long _roundEnd;
    private long _roundMicroseconds;
    private int _granted;

    /// <summary>Most bytes held for the reader.</summary>
    internal int LimitBytes { get; private set; } = initialBytes;

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
    }

    internal void GiveBack()
    {
        budget.GiveBack(_granted);
        _granted = 0;
    }
}
