using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Session;

/// <summary>
/// How far a session is from its end: open → draining (we asked for it; what is queued still goes out) → closed. A closed session may owe the remote
/// one GOODBYE. The first reason counts.
/// </summary>
internal sealed class CloseState
{
    private bool _owesGoodbye;

    internal bool IsDraining { get; private set; }

    internal bool IsClosed { get; private set; }

    internal GoodbyeCode Code { get; private set; }

    internal string Reason { get; private set; } = "";

    internal bool ByRemote { get; private set; }

    /// <summary>True when a GOODBYE must still be written.</summary>
    internal bool OwesGoodbye => IsClosed && _owesGoodbye;

    internal void Drain(GoodbyeCode code, string reason)
    {
        if (IsClosed || IsDraining)
            return;
        IsDraining = true;
        (Code, Reason) = (code, reason);
    }

    /// <summary>Closes with the reason that draining began with; false when closed already.</summary>
    internal bool TryClose() => TryClose(Code, Reason, byRemote: false);

    /// <summary>Closes; false when closed already.</summary>
    internal bool TryClose(GoodbyeCode code, string reason, bool byRemote)
    {
        if (IsClosed)
            return false;
        IsDraining = false;
        IsClosed = true;
        (Code, Reason, ByRemote, _owesGoodbye) = (code, reason, byRemote, !byRemote);
        return true;
    }

    internal void WriteGoodbye(ref SpanWriter writer)
    {
        new GoodbyeFrame(Code, Reason).Write(ref writer);
        _owesGoodbye = false;
    }
}
