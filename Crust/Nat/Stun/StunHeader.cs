using System.Buffers.Binary;

namespace Crust.Nat.Stun;

/// <summary>
/// The header of a STUN message (RFC 8489 §5), 20 bytes: type(2) ‖ length(2) ‖ magic cookie(4) ‖ transaction id(12). The length counts what
/// follows the header and is a multiple of 4.
/// </summary>
internal static class StunHeader
{
    internal const int Length = 20;
    internal const uint MagicCookie = 0x2112A442;

    /// <summary>The only method here (RFC 8489 §18.2).</summary>
    internal const ushort Binding = 1;

    /// <summary>
    /// The longest message that is read or written. Ours: what Crust has to do with is far below what passes every IPv6 path unfragmented (1,232 bytes, RFC 8489
    /// §6.1), but clients of RFC 5780 may fill a request up to an Ethernet's 1,500 bytes and some (PADDING, §7.6).
    /// </summary>
    internal const int MaxMessageLength = 2048;

    private const int TypeOffset = 0, LengthOffset = 2, CookieOffset = 4, TransactionOffset = 8;

    /// <summary>Class and method to the wire: the class bits stand among the method's (RFC 8489 figure 3).</summary>
    internal static ushort Encode(StunClass @class, ushort method) =>
        (ushort)((method & 0x000F) | ((method & 0x0070) << 1) | ((method & 0x0F80) << 2) | (((int)@class & 1) << 4) | (((int)@class & 2) << 7));

    internal static StunClass ClassOf(ushort type) => (StunClass)(((type >> 4) & 1) | ((type >> 7) & 2));

    internal static ushort MethodOf(ushort type) => (ushort)((type & 0x000F) | ((type >> 1) & 0x0070) | ((type >> 2) & 0x0F80));

    internal static ushort TypeOf(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt16BigEndian(message[TypeOffset..]);

    internal static int BodyLengthOf(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt16BigEndian(message[LengthOffset..]);

    internal static uint CookieOf(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt32BigEndian(message[CookieOffset..]);

    /// <summary>The transaction of a message that has a whole header.</summary>
    internal static StunTransactionId TransactionOf(ReadOnlySpan<byte> message) => StunTransactionId.From(message[TransactionOffset..]);

    /// <summary>Whether bytes that a stream has collected so far may be a message, and how long it is: of STUN over TCP (RFC 8489 §6.2.2). Needs 20 bytes.</summary>
    internal static bool TryGetMessageLength(ReadOnlySpan<byte> start, out int length)
    {
        length = 0;
        if (start.Length < Length || start[0] >> 6 != 0 || CookieOf(start) != MagicCookie)
            return false;
        length = Length + BodyLengthOf(start);
        return length % 4 == 0 && length <= MaxMessageLength;
    }

    internal static void Write(Span<byte> message, StunClass @class, ushort method, StunTransactionId transaction)
    {
        BinaryPrimitives.WriteUInt16BigEndian(message[TypeOffset..], Encode(@class, method));
        SetBodyLength(message, 0);
        BinaryPrimitives.WriteUInt32BigEndian(message[CookieOffset..], MagicCookie);
        transaction.WriteTo(message[TransactionOffset..]);
    }

    internal static void SetBodyLength(Span<byte> message, int length) => BinaryPrimitives.WriteUInt16BigEndian(message[LengthOffset..], (ushort)length);
}
