using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>
/// A datagram: <c>0x0D ‖ name varbytes ‖ data varbytes</c>. Neither numbered nor acknowledged nor signed; it names its protocol in full, since the
/// definition of an id might be lost where datagrams are.
/// </summary>
internal readonly ref struct DatagramFrame(ReadOnlySpan<byte> protocol, ReadOnlySpan<byte> data)
{
    internal ReadOnlySpan<byte> Protocol { get; } = protocol;

    internal ReadOnlySpan<byte> Data { get; } = data;

    /// <summary>Bytes of the encoding.</summary>
    internal static int Length(int nameLength, int dataLength) =>
        1 + VarInt.Length((ulong)nameLength) + nameLength + VarInt.Length((ulong)dataLength) + dataLength;

    internal void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.Datagram);
        writer.WriteVarBytes(Protocol);
        writer.WriteVarBytes(Data);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out DatagramFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarBytes(WireLimits.MaxProtocolNameLength, out var name)
            || !ProtocolFrame.IsValidName(name)
            || !reader.TryReadVarBytes(WireLimits.MaxDatagramLength, out var data))
            return false;
        frame = new DatagramFrame(name, data);
        return true;
    }
}
