using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>
/// What an idle sender gives back of its credit: <c>0x10 ‖ messages varint ‖ streams varint</c>. It counts as sent and consumed. Sums since the session began, so
/// that repeating them changes nothing; neither falls.
/// </summary>
/// <param name="Messages">Of the credit of messages.</param>
/// <param name="Streams">Of that of all other entries.</param>
internal readonly record struct CreditReturnFrame(long Messages, long Streams)
{
    internal const int MaxLength = 1 + 8 + 8;

    internal void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.CreditReturn);
        writer.WriteVarInt((ulong)Messages);
        writer.WriteVarInt((ulong)Streams);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out CreditReturnFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var messages) || !reader.TryReadVarInt(out var streams))
            return false;
        frame = new CreditReturnFrame((long)messages, (long)streams);
        return true;
    }
}
