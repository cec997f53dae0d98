using System.Buffers.Binary;

namespace Crust.Nat.PortMapping.Pcp;

/// <summary>The mapping nonce, RFC 6887 §11.1: 96 random bits that let only their owner change or delete a mapping. Kept for the life of a mapping.</summary>
internal readonly record struct PcpNonce(ulong High, uint Low)
{
    /// <summary>Bytes on the wire.</summary>
    internal const int Length = 12;

    internal static PcpNonce From(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]));

    internal void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], Low);
    }
}
