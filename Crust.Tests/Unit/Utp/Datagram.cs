using System.Buffers.Binary;
using Crust.Utp.Packets;

namespace Crust.Tests.Unit.Utp;

/// <summary>A datagram under way.</summary>
internal sealed record Datagram(byte[] Bytes, bool IsFromLeft, bool IsProbe)
{
    internal PacketType Type => (PacketType)(Bytes[0] >> 4);

    internal ushort ConnectionId => BinaryPrimitives.ReadUInt16BigEndian(Bytes.AsSpan(2));

    internal ushort SequenceNumber => BinaryPrimitives.ReadUInt16BigEndian(Bytes.AsSpan(16));

    internal ushort AcknowledgementNumber => BinaryPrimitives.ReadUInt16BigEndian(Bytes.AsSpan(18));
}
