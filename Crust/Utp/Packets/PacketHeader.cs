using System.Buffers.Binary;

namespace Crust.Utp.Packets;

/// <summary>
/// The header of every packet (BEP 29, <i>header format</i>), 20 bytes, big endian: type (4 bits), version (4 bits, 1), extension (8), connection id (16),
/// timestamp (32, µs), timestamp difference (32, µs), window (32, bytes), sequence number (16), acknowledgement number (16).
/// </summary>
/// <param name="Type">What it is.</param>
/// <param name="Extension">Kind of the first extension, 0 for none.</param>
/// <param name="ConnectionId">The receiver's id of the connection; in a SYN the sender's own.</param>
/// <param name="Timestamp">The sender's clock when it sent.</param>
/// <param name="TimestampDifference">What the sender's clock showed beyond the timestamp of the last packet it received; 0 before any.</param>
/// <param name="WindowBytes">How much more than acknowledged the sender takes.</param>
/// <param name="SequenceNumber">Its own number; in STATE and RESET the next one.</param>
/// <param name="AcknowledgementNumber">The last one received in order.</param>
internal readonly record struct PacketHeader(
    PacketType Type, byte Extension, ushort ConnectionId, uint Timestamp, uint TimestampDifference, uint WindowBytes, ushort SequenceNumber, ushort AcknowledgementNumber)
{
    internal const int Length = 20;

    private const int Version = 1;

    /// <summary>Reads the header in front of <paramref name="datagram"/>; false for another version, an unknown type, or too few bytes.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> datagram, out PacketHeader header)
    {
        if (datagram.Length < Length || (datagram[0] & 0x0F) != Version || datagram[0] >> 4 > (int)PacketType.Syn)
        {
            header = default;
            return false;
        }

        header = new PacketHeader(
            (PacketType)(datagram[0] >> 4),
            datagram[1],
            BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(datagram[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(datagram[12..]),
            BinaryPrimitives.ReadUInt16BigEndian(datagram[16..]),
            BinaryPrimitives.ReadUInt16BigEndian(datagram[18..]));
        return true;
    }

    /// <summary>Writes the header; the buffer has at least <see cref="Length"/> bytes.</summary>
    internal void Write(Span<byte> buffer)
    {
        buffer = buffer[..Length];
        buffer[0] = (byte)(((int)Type << 4) | Version);
        buffer[1] = Extension;
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], ConnectionId);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[4..], Timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[8..], TimestampDifference);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[12..], WindowBytes);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[16..], SequenceNumber);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[18..], AcknowledgementNumber);
    }
}
