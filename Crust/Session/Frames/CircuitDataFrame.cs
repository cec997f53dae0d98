using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>The next bytes of a circuit: <c>0x12 ‖ id varint ‖ data varbytes</c>. Opaque to the gateway, which passes them on in order, cut as it likes.</summary>
internal readonly ref struct CircuitDataFrame(ulong id, ReadOnlySpan<byte> data)
{
    /// <summary>Longest head: type, id and length of the data.</summary>
    internal const int MaxHeadLength = 1 + 8 + 4;

    internal ulong Id { get; } = id;

    internal ReadOnlySpan<byte> Data { get; } = data;

    /// <summary>Writes the head and hands out the room of the data, for the caller to fill.</summary>
    internal static Span<byte> Reserve(ref SpanWriter writer, ulong id, int length)
    {
        writer.WriteByte((byte)FrameType.CircuitData);
        writer.WriteVarInt(id);
        writer.WriteVarInt((ulong)length);
        return writer.Reserve(length);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(scoped ref SpanReader reader, out CircuitDataFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var id) || !reader.TryReadVarBytes(ushort.MaxValue, out var data))
            return false;
        frame = new CircuitDataFrame(id, data);
        return true;
    }
}
