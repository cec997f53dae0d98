using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>
/// The lower id makes this link the active one: <c>0x0E ‖ generation varint</c>; the higher id says the same once it has moved, by promise or nomination.
/// The frames that follow it on the link belong to the session; those before it are void.
/// </summary>
/// <param name="Generation">Rises with each nomination of a session; of two, the higher counts.</param>
internal readonly record struct NominateFrame(uint Generation)
{
    internal const int MaxLength = 1 + 8;

    internal void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.Nominate);
        writer.WriteVarInt(Generation);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out NominateFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var generation) || generation is 0 or > uint.MaxValue)
            return false;
        frame = new NominateFrame((uint)generation);
        return true;
    }
}
