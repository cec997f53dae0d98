using Crust.Primitives;
using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Session.Circuits;

/// <summary>The circuits that ride on a session, as its machine sees them: neither numbered, nor kept, nor signed, and gone with the link.</summary>
internal interface ICircuitCarrier
{
    /// <summary>True when <see cref="Write"/> may have something to write.</summary>
    bool HasWork { get; }

    /// <summary>Takes a frame from behind its type; false when it broke the protocol.</summary>
    bool TryHandle(FrameType type, ref SpanReader reader, Instant now);

    /// <summary>Fills the rest of a record.</summary>
    void Write(ref SpanWriter writer);

    /// <summary>The link is gone, and what was on its way with it: every circuit ends.</summary>
    void HandleLinkLost();
}
