using Crust.Session.Circuits;
using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>The end of a circuit, in both directions: <c>0x14 ‖ id varint ‖ code varint</c>. As an answer to an opening, a refusal. Not answered.</summary>
/// <param name="Id">Which circuit.</param>
/// <param name="Code">Why; a receiver passes on what it does not know.</param>
internal readonly record struct CircuitCloseFrame(ulong Id, CircuitCode Code)
{
    internal const int MaxLength = 1 + 8 + 8;

    internal void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.CircuitClose);
        writer.WriteVarInt(Id);
        writer.WriteVarInt((ulong)Code);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out CircuitCloseFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var id) || !reader.TryReadVarInt(out var code) || code > int.MaxValue)
            return false;
        frame = new CircuitCloseFrame(id, (CircuitCode)code);
        return true;
    }
}
