using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>A fragment that is neither the first nor the last: <c>0x0A ‖ lane u8 ‖ data varbytes</c>.</summary>
internal readonly ref struct MoreFrame(byte lane, ReadOnlySpan<byte> data)
{
    /// <summary>The priority of the entry that it continues.</summary>
    internal byte Lane { get; } = lane;

    internal ReadOnlySpan<byte> Data { get; } = data;

    /// <summary>Bytes before the data when <paramref name="room"/> bytes are left.</summary>
    internal static int HeadLength(int room) => 1 + 1 + VarInt.Length((ulong)Math.Max(room, 0));

    internal void Write(ref SpanWriter writer)
    {
        WriteHead(ref writer);
        writer.WriteBytes(Data);
    }

    /// <summary>Writes what stands before the data, their length included.</summary>
    internal void WriteHead(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.More);
        writer.WriteByte(Lane);
        writer.WriteVarInt((ulong)Data.Length);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out MoreFrame frame)
    {
        frame = default;
        if (!reader.TryReadByte(out var lane)
            || lane >= WireLimits.PriorityCount
            || !reader.TryReadVarBytes(WireLimits.MaxMessageLength, out var data)
            || data.IsEmpty)
            return false;
        frame = new MoreFrame(lane, data);
        return true;
    }
}
