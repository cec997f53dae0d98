using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>The last fragment of an entry, with which it gets its number: <c>0x0B ‖ lane u8 ‖ number varint ‖ data varbytes</c>.</summary>
internal readonly ref struct EndFrame(byte lane, ulong number, ReadOnlySpan<byte> data)
{
    internal byte Lane { get; } = lane;

    internal ulong Number { get; } = number;

    internal ReadOnlySpan<byte> Data { get; } = data;

    /// <summary>Bytes of the encoding.</summary>
    internal static int Length(ulong number, int dataLength) => 1 + 1 + VarInt.Length(number) + VarInt.Length((ulong)dataLength) + dataLength;

    internal void Write(ref SpanWriter writer)
    {
        WriteHead(ref writer);
        writer.WriteBytes(Data);
    }

    /// <summary>Writes what stands before the data, their length included.</summary>
    internal void WriteHead(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.End);
        writer.WriteByte(Lane);
        writer.WriteVarInt(Number);
        writer.WriteVarInt((ulong)Data.Length);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out EndFrame frame)
    {
        frame = default;
        if (!reader.TryReadByte(out var lane)
            || lane >= WireLimits.PriorityCount
            || !reader.TryReadVarInt(out var number)
            || number == 0
            || !reader.TryReadVarBytes(WireLimits.MaxMessageLength, out var data)
            || data.IsEmpty)
            return false;
        frame = new EndFrame(lane, number, data);
        return true;
    }
}
