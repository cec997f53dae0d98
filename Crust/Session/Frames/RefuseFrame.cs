using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>
/// A message arrived and nobody takes it: <c>0x07 ‖ number varint ‖ code varint</c>. Comes before the acknowledgement that covers the number.
/// </summary>
/// <param name="Number">The message, at least 1 once read.</param>
/// <param name="Code">A <see cref="RefuseCode"/> or one of a later version.</param>
internal readonly record struct RefuseFrame(ulong Number, int Code)
{
    internal const int MaxLength = 1 + 8 + 8;

    internal void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.Refuse);
        writer.WriteVarInt(Number);
        writer.WriteVarInt((ulong)Code);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out RefuseFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var number) || number == 0 || !reader.TryReadVarInt(out var code) || code > int.MaxValue)
            return false;
        frame = new RefuseFrame(number, (int)code);
        return true;
    }
}
