using Crust.Utp.Memory;

namespace Crust.Utp.Sending;

/// <summary>
/// How much may be written and not acknowledged: half as much again as is under way, so that the writer stays ahead of the path, and no more, since what waits for
/// long falls out of the processor's caches. Grows as far as the endpoint's budget allows, and is given back by a connection that rests.
/// </summary>
internal sealed class SendWindow(WindowBudget budget, int initialBytes, int maxBytes)
{
    private int _granted;

    internal int LimitBytes => initialBytes + _granted;

    /// <param name="usefulBytes">What the path has under way, or could have.</param>
    internal void Grow(int usefulBytes)
    {
        var wanted = Math.Min(maxBytes, usefulBytes * 3L / 2) - LimitBytes;
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
