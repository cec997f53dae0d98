using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>
/// How far a circuit may go: <c>0x13 ‖ id varint ‖ limit varint</c>, the limit in bytes from the circuit's beginning. It only rises. The receiver gives it; the
/// gateway passes it on, no faster than its own buffer allows.
/// </summary>
/// <param name="Id">Which circuit.</param>
/// <param name="Limit">How many bytes may have been sent in all.</param>
internal readonly record struct CircuitCreditFrame(ulong Id, ulong Limit)
{
    internal const int MaxLength = 1 + 8 + 8;

    internal void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.CircuitCredit);
        writer.WriteVarInt(Id);
        writer.WriteVarInt(Limit);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out CircuitCreditFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var id) || !reader.TryReadVarInt(out var limit))
            return false;
        frame = new CircuitCreditFrame(id, limit);
        return true;
    }
}
