using System.Buffers.Binary;
using Crust.Primitives;

namespace Crust.Nat.Stun;

/// <summary>
/// MAPPED-ADDRESS and XOR-MAPPED-ADDRESS (RFC 8489 §14.1, §14.2): zero(1) ‖ family(1) ‖ port(2) ‖ address(4 or 16). The second is XORed with
/// the cookie and the transaction id, since some NATs rewrite addresses wherever they find them.
/// </summary>
internal static class StunAddress
{
    internal const int IPv4Length = 8, IPv6Length = 20;

    private const byte IPv4 = 1, IPv6 = 2;

    internal static bool TryRead(ReadOnlySpan<byte> value, bool isXored, StunTransactionId transaction, out TransportAddress address)
    {
        address = default;
        if (value.Length < IPv4Length)
            return false;
        var port = BinaryPrimitives.ReadUInt16BigEndian(value[2..]);
        if (isXored)
            port ^= (ushort)(StunHeader.MagicCookie >> 16);
        switch (value[1], value.Length)
        {
            case (IPv4, IPv4Length):
                var four = BinaryPrimitives.ReadUInt32BigEndian(value[4..]);
                address = TransportAddress.FromIPv4(isXored ? four ^ StunHeader.MagicCookie : four, port);
                return true;
            case (IPv6, IPv6Length):
                var sixteen = Bits128.Read(value[4..]);
                address = new TransportAddress(isXored ? sixteen ^ Mask(transaction) : sixteen, port);
                return true;
            default:
                return false;
        }
    }

    internal static int LengthOf(TransportAddress address) => address.IsIPv4 ? IPv4Length : IPv6Length;

    /// <summary>Fills a value of <see cref="LengthOf"/> bytes.</summary>
    internal static void Write(Span<byte> value, TransportAddress address, bool isXored, StunTransactionId transaction)
    {
        value[0] = 0;
        value[1] = address.IsIPv4 ? IPv4 : IPv6;
        BinaryPrimitives.WriteUInt16BigEndian(value[2..], isXored ? (ushort)(address.Port ^ (StunHeader.MagicCookie >> 16)) : address.Port);
        if (address.IsIPv4)
        {
            var four = address.IPv4;
            BinaryPrimitives.WriteUInt32BigEndian(value[4..], isXored ? four ^ StunHeader.MagicCookie : four);
        }
        else
        {
            (isXored ? address.Address ^ Mask(transaction) : address.Address).Write(value[4..]);
        }
    }

    private static Bits128 Mask(StunTransactionId transaction) =>
        new(((ulong)StunHeader.MagicCookie << 32) | (transaction.High >> 32), (transaction.High << 32) | transaction.Low);
}
