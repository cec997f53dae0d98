using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>
/// What an entry is and where it goes: <c>shape u8 ‖ [protocol id varint] ‖ [stream id varint]</c>. Shape: bits 0–3 kind, bits 4–5 priority, bit 6 zero,
/// bit 7 set when the signature does not cover the payload. The protocol stands for messages and stream openings, the stream for all but messages.
/// </summary>
/// <param name="Kind">Which kind.</param>
/// <param name="Priority">0 (highest) to 3; also the lane of its fragments.</param>
/// <param name="IsUnsigned">True when its sender leaves this payload out of the signature.</param>
/// <param name="Protocol">The id of a <see cref="ProtocolFrame"/> sent before on this link; 0 where none stands.</param>
/// <param name="Stream">The stream's id; 0 where none stands.</param>
internal readonly record struct EntryShape(EntryKind Kind, byte Priority, bool IsUnsigned, ulong Protocol, ulong Stream)
{
    private const byte UnsignedBit = 0x80;

    internal bool HasProtocol => Kind is EntryKind.Message or EntryKind.StreamOpen;

    internal bool HasStream => Kind != EntryKind.Message;

    /// <summary>Bytes of the encoding.</summary>
    internal int Length => 1 + (HasProtocol ? VarInt.Length(Protocol) : 0) + (HasStream ? VarInt.Length(Stream) : 0);

    /// <summary>Longest payload of the kind.</summary>
    internal int MaxPayload => Kind switch
    {
        EntryKind.Message => WireLimits.MaxMessageLength,
        EntryKind.StreamData => WireLimits.MaxStreamChunk,
        EntryKind.StreamReset or EntryKind.StreamStop => sizeof(ulong),
        _ => 0,
    };

    /// <summary>True when a payload of this length fits the kind.</summary>
    internal bool Admits(int length) => Kind switch
    {
        EntryKind.StreamReset or EntryKind.StreamStop => length == sizeof(ulong),
        EntryKind.StreamData => length > 0 && length <= WireLimits.MaxStreamChunk,
        _ => length <= MaxPayload,
    };

    internal void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)((byte)Kind | (Priority << 4) | (IsUnsigned ? UnsignedBit : 0)));
        if (HasProtocol)
            writer.WriteVarInt(Protocol);
        if (HasStream)
            writer.WriteVarInt(Stream);
    }

    internal static bool TryRead(ref SpanReader reader, out EntryShape shape)
    {
        shape = default;
        if (!reader.TryReadByte(out var bits) || (bits & 0x40) != 0)
            return false;
        var kind = (EntryKind)(bits & 0x0F);
        if (kind is < EntryKind.Message or > EntryKind.StreamStop)
            return false;
        var read = new EntryShape(kind, (byte)((bits >> 4) & 0x03), (bits & UnsignedBit) != 0, 0, 0);
        ulong protocol = 0, stream = 0;
        if ((read.HasProtocol && !reader.TryReadVarInt(out protocol)) || (read.HasStream && !reader.TryReadVarInt(out stream)))
            return false;
        shape = read with { Protocol = protocol, Stream = stream };
        return true;
    }
}
