using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Session.Receiving;

/// <summary>
/// Refusals to be written, and those that may have been lost with their link and are written again on the next. A refused message can be in doubt
/// only while it is among the last <see cref="MaxRemembered"/> that the remote sent: to send more it needed an acknowledgement that
/// came after the refusal. So that many are remembered.
/// </summary>
internal sealed class RefusalList
{
    /// <summary>Most messages that the largest window can hold: all of them empty.</summary>
    internal const int MaxRemembered = (32 << 20) / WireLimits.EntryOverhead;

    private readonly List<RefuseFrame> _refusals = [];
    private int _next;

    /// <summary>True when none waits to be written: only then may an acknowledgement follow.</summary>
    internal bool IsFlushed => _next == _refusals.Count;

    internal void Add(RefuseFrame refusal)
    {
        // Twice the bound, cut to the bound: the move costs little for each addition.
        if (_refusals.Count == MaxRemembered * 2)
        {
            _refusals.RemoveRange(0, MaxRemembered);
            _next = Math.Max(0, _next - MaxRemembered);
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
