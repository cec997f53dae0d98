using Crust.Wire;

namespace Crust.Session;

/// <summary>
/// A message or a fragment of one:
/// <c>0x02 ‖ number varint ‖ protocol varint ‖ priority u8 ‖ total length varint ‖ offset varint ‖ data varbytes</c>.
/// Every fragment but that of an empty message carries data; the fragments of a message follow one another.
/// </summary>
internal readonly ref struct MessageFrame(ulong number, ulong protocol, byte priority, int totalLength, int offset, ReadOnlySpan<byte> data)
{
    internal ulong Number { get; } = number;

    /// <summary>The id of a <see cref="ProtocolFrame"/> sent before on this link.</summary>
    internal ulong Protocol { get; } = protocol;

    internal byte Priority { get; } = priority;

    internal int TotalLength { get; } = totalLength;

    internal int Offset { get; } = offset;

    internal ReadOnlySpan<byte> Data { get; } = data;

    /// <summary>
    /// How many of the payload bytes from <paramref name="offset"/> on a fragment can take when <paramref name="room"/> bytes are left in the record; −1 when
    /// not even a useful part fits.
    /// </summary>
    internal static int DataLength(int room, ulong number, ulong protocol, int totalLength, int offset)
    {
        var left = totalLength - offset;
        var header = 1 + VarInt.Length(number) + VarInt.Length(protocol) + 1 + VarInt.Length((ulong)totalLength) + VarInt.Length((ulong)offset);
        var fits = room - header - VarInt.Length((ulong)Math.Clamp(room, 0, left));
        if (fits >= left)
            return left;
        return fits >= MinFragmentLength ? fits : -1;
    }

    internal void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.Message);
        writer.WriteVarInt(Number);
        writer.WriteVarInt(Protocol);
        writer.WriteByte(Priority);
        writer.WriteVarInt((ulong)TotalLength);
        writer.WriteVarInt((ulong)Offset);
        writer.WriteVarBytes(Data);
    }

    /// <summary>Reads what follows the type, and checks what can be checked without knowing the fragments before.</summary>
    internal static bool TryRead(ref SpanReader reader, out MessageFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var number)
            || number == 0
            || !reader.TryReadVarInt(out var protocol)
            || !reader.TryReadByte(out var priority)
            || priority >= WireLimits.PriorityCount
            || !reader.TryReadVarInt(out var total)
            || total > WireLimits.MaxMessageLength
            || !reader.TryReadVarInt(out var offset)
            || offset > total
            || !reader.TryReadVarBytes((int)(total - offset), out var data)
            || (data.IsEmpty && total > 0))
            return false;
        frame = new MessageFrame(number, protocol, priority, (int)total, (int)offset, data);
        return true;
    }

    /// <summary>Shortest fragment worth a header, unless it is the last one. Ours.</summary>
    private const int MinFragmentLength = 64;
}
