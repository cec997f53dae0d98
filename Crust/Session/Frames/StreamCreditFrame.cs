using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>How far a stream may go: <c>0x0C ‖ stream id varint ‖ limit varint</c>. The limit is an offset and never falls.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Limit">The first offset that may not be sent.</param>
internal readonly record struct StreamCreditFrame(ulong Stream, ulong Limit)
{
    internal const int MaxLength = 1 + 8 + 8;

    internal void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.StreamCredit);
        writer.WriteVarInt(Stream);
        writer.WriteVarInt(Limit);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out StreamCreditFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var stream) || !reader.TryReadVarInt(out var limit))
            return false;
        frame = new StreamCreditFrame(stream, limit);
        return true;
    }
}
