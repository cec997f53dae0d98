using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>The higher id asks for the nomination of this link: <c>0x0F ‖ generation varint</c>.</summary>
/// <param name="Generation">The highest generation that it followed so far, 0 for none: it tells a request that crossed a nomination from one that means that the nominated link is of no use.</param>
internal readonly record struct LinkRequestFrame(uint Generation)
{
    internal const int MaxLength = 1 + 8;

    internal void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.LinkRequest);
        writer.WriteVarInt(Generation);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out LinkRequestFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var generation) || generation > uint.MaxValue)
            return false;
        frame = new LinkRequestFrame((uint)generation);
        return true;
    }
}
