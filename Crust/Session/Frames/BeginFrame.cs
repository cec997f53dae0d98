using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>
/// The first fragment of an entry: <c>0x09 ‖ number varint ‖ shape ‖ total length varint ‖ data varbytes</c>. An entry has its number from its last
/// fragment on: 0 stands for none yet; one that is written again names it. More fragments follow in the lane of its priority.
/// </summary>
internal readonly ref struct BeginFrame(ulong number, EntryShape shape, int totalLength, ReadOnlySpan<byte> data)
{
    internal ulong Number { get; } = number;

    internal EntryShape Shape { get; } = shape;

    /// <summary>Longer than the data.</summary>
    internal int TotalLength { get; } = totalLength;

    internal ReadOnlySpan<byte> Data { get; } = data;

    /// <summary>Bytes before the data when <paramref name="room"/> bytes are left.</summary>
    internal static int HeadLength(ulong number, in EntryShape shape, int totalLength, int room) =>
        1 + VarInt.Length(number) + shape.Length + VarInt.Length((ulong)totalLength) + VarInt.Length((ulong)Math.Max(room, 0));

    internal void Write(ref SpanWriter writer)
    {
        WriteHead(ref writer);
        writer.WriteBytes(Data);
    }

    /// <summary>Writes what stands before the data, their length included.</summary>
    internal void WriteHead(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.Begin);
        writer.WriteVarInt(Number);
        Shape.Write(ref writer);
        writer.WriteVarInt((ulong)TotalLength);
        writer.WriteVarInt((ulong)Data.Length);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out BeginFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var number)
            || !EntryShape.TryRead(ref reader, out var shape)
            || shape.Kind is not (EntryKind.Message or EntryKind.StreamData)
            || !reader.TryReadVarInt(out var total)
            || total is 0
            || total > (ulong)shape.MaxPayload
            || !reader.TryReadVarBytes((int)total - 1, out var data)
            || data.IsEmpty)
            return false;
        frame = new BeginFrame(number, shape, (int)total, data);
        return true;
    }
}
