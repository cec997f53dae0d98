using Crust.Wire;

namespace Crust.Session;

/// <summary>
/// What the receiver has and will take: <c>0x04 ‖ through varint ‖ credit varint</c>. Neither ever falls.
/// </summary>
/// <param name="Through">Every message up to this number was received and, in a signed direction, verified; 0 for none.</param>
/// <param name="Credit">The cost that the sender may have sent in all since the session began.</param>
internal readonly record struct AcknowledgeFrame(ulong Through, long Credit)
{
    internal const int MaxLength = 1 + 8 + 8;

    internal void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.Acknowledge);
        writer.WriteVarInt(Through);
        writer.WriteVarInt((ulong)Credit);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out AcknowledgeFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var through) || !reader.TryReadVarInt(out var credit))
            return false;
        frame = new AcknowledgeFrame(through, (long)credit);
        return true;
    }
}
