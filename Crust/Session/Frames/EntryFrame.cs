using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>An entry in one piece: <c>0x02 ‖ number varint ‖ shape ‖ data varbytes</c>.</summary>
internal readonly ref struct EntryFrame(ulong number, EntryShape shape, ReadOnlySpan<byte> data)
{
    internal ulong Number { get; } = number;

    internal EntryShape Shape { get; } = shape;

    internal ReadOnlySpan<byte> Data { get; } = data;

    /// <summary>Bytes of the encoding.</summary>
    internal static int Length(ulong number, in EntryShape shape, int dataLength) =>
        1 + VarInt.Length(number) + shape.Length + VarInt.Length((ulong)dataLength) + dataLength;

    internal void Write(ref SpanWriter writer)
    {
        WriteHead(ref writer);
        writer.WriteBytes(Data);
    }

    /// <summary>Writes what stands before the data, their length included.</summary>
    internal void WriteHead(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.Entry);
        writer.WriteVarInt(Number);
        Shape.Write(ref writer);
        writer.WriteVarInt((ulong)Data.Length);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out EntryFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var number)
            || number == 0
            || !EntryShape.TryRead(ref reader, out var shape)
            || !reader.TryReadVarBytes(shape.MaxPayload, out var data)
            || !shape.Admits(data.Length))
            return false;
        frame = new EntryFrame(number, shape, data);
        return true;
    }
}
