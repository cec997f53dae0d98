using System.Buffers.Binary;

namespace Crust.Nat.Stun;

/// <summary>The 96 random bits that tie an answer to its request (RFC 8489 §5). Unguessable ones are the caller's to draw.</summary>
internal readonly record struct StunTransactionId(ulong High, uint Low)
{
    internal const int Length = 12;

    /// <summary>Reads the first 12 bytes.</summary>
    internal static StunTransactionId From(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[sizeof(ulong)..]));

    internal void WriteTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt32BigEndian(destination[sizeof(ulong)..], Low);
    }
}
