using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Session.Sending;

/// <summary>
/// Gives back, when we are idle, what a burst left us of credit beyond a new session's: the remote holds memory of its process ready for it, which others can
/// use. Said again on each link, since it may have been lost with the last.
/// </summary>
internal sealed class CreditReturn(SendCredit messages, SendCredit streams)
{
    /// <summary>True when <see cref="Write"/> has something to write.</summary>
    internal bool IsDue { get; private set; }

    /// <summary>Nothing has been sent for a while, and nothing waits to be.</summary>
    internal void HandleIdle() => IsDue |= messages.TryReturnSurplus() | streams.TryReturnSurplus();

    internal void HandleLinkChanged() => IsDue = messages.Returned > 0 || streams.Returned > 0;

    internal void Write(ref SpanWriter writer)
    {
        if (!IsDue || writer.Remaining < CreditReturnFrame.MaxLength)
            return;
        new CreditReturnFrame(messages.Returned, streams.Returned).Write(ref writer);
        IsDue = false;
    }
}
