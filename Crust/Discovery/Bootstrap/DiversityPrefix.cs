using System.Buffers.Binary;
using System.Net;

namespace Crust.Discovery.Bootstrap;

/// <summary>
/// The block of addresses that diversity counts as one owner's: a /16 (IPv4) or a /32 (IPv6), the groups that Bitcoin Core's address manager uses. Whoever rents hosts gets many
/// addresses of one such block for little, and many blocks only for much. (Limits on load count by smaller blocks: those of one customer.)
/// </summary>
/// <param name="Bits">The block's leading bits: 16 of IPv4, 32 of IPv6.</param>
/// <param name="IsIPv6">Which family it is.</param>
internal readonly record struct DiversityPrefix(uint Bits, bool IsIPv6)
{
    /// <summary>The block of an address; an IPv4 address mapped into IPv6 counts as itself.</summary>
    internal static DiversityPrefix Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return length == 4
            ? new DiversityPrefix(BinaryPrimitives.ReadUInt16BigEndian(bytes), IsIPv6: false)
            : new DiversityPrefix(BinaryPrimitives.ReadUInt32BigEndian(bytes), IsIPv6: true);
    }
}
