using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>What the receiver has and will take: <c>0x04 ‖ through varint ‖ message credit varint ‖ stream credit varint</c>. None ever falls.</summary>
/// <param name="Through">Every entry up to this number was received and, in a signed direction, verified; 0 for none.</param>
/// <param name="MessageCredit">The cost of messages that the sender may have sent in all since the session began.</param>
/// <param name="StreamCredit">The same for all other entries.</param>
internal readonly record struct AcknowledgeFrame(ulong Through, long MessageCredit, long StreamCredit)
{
    internal const int MaxLength = 1 + 8 + 8 + 8;

    internal void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.Acknowledge);
        writer.WriteVarInt(Through);
        writer.WriteVarInt((ulong)MessageCredit);
        writer.WriteVarInt((ulong)StreamCredit);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out AcknowledgeFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var through) || !reader.TryReadVarInt(out var messages) || !reader.TryReadVarInt(out var streams))
            return false;
        frame = new AcknowledgeFrame(through, (long)messages, (long)streams);
        return true;
    }
}
