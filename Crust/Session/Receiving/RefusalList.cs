using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Session.Receiving;

/// <summary>
/// Refusals to be written, and those that may have been lost with their link and are written again on the next. A refused message can be in doubt
/// only while as many follow it as the remote had credit for when it was refused: to send more it needed an acknowledgement that came after the refusal.
/// So many are remembered as the most credit that there was admits: 1,024 with the first window, 131,072 with the largest.
/// </summary>
internal sealed class RefusalList
{
    private readonly List<RefuseFrame> _refusals = [];
    private int _most;
    private int _next;

    /// <summary>Refusals that are remembered.</summary>
    internal int Count => _refusals.Count;

    /// <summary>True when none waits to be written: only then may an acknowledgement follow.</summary>
    internal bool IsFlushed => _next == _refusals.Count;

    /// <summary>Remembers a refusal until it cannot be in doubt any more.</summary>
    /// <param name="refusal">The refusal.</param>
    /// <param name="credit">What the remote may send now before it hears of the refusal, in cost.</param>
    internal void Add(RefuseFrame refusal, long credit)
    {
        _most = (int)Math.Max(_most, credit / WireLimits.EntryOverhead + 1);
        // Twice the bound, cut to the bound: the move costs little for each addition.
        if (_refusals.Count >= _most * 2)
        {
            var forgotten = _refusals.Count - _most;
            _refusals.RemoveRange(0, forgotten);
            _next = Math.Max(0, _next - forgotten);
        }

        _refusals.Add(refusal);
    }

    internal void Write(ref SpanWriter writer)
    {
        while (!IsFlushed && writer.Remaining >= RefuseFrame.MaxLength)
            _refusals[_next++].Write(ref writer);
    }

    internal void HandleLinkChanged() => _next = 0;
}
