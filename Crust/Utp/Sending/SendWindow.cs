using Crust.Utp.Memory;

namespace Crust.Utp.Sending;

/// <summary>
/// How much may be written and not acknowledged: room for two congestion windows, so that the writer stays ahead of the path. Grows with the window as far as the
/// endpoint's budget allows, and is given back by a connection that rests.
/// </summary>
internal sealed class SendWindow(WindowBudget budget, int initialBytes, int maxBytes)
{
    private int _granted;

    internal int LimitBytes => initialBytes + _granted;

    internal void Grow(int congestionWindowBytes)
    {
        var wanted = Math.Min(maxBytes, Math.Max(congestionWindowBytes, initialBytes / 2) * 2L) - LimitBytes;
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
