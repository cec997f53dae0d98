using System.Buffers.Binary;
using System.Net;
using Crust.Identity;
using Crust.Nat.PortMapping;

namespace Crust.Discovery.Routing;

/// <summary>
/// The group of addresses that a peer counts in: the /24 or /56 that it was met at, else that of the first public address which it lists; all others are one group, the local one. Whoever holds a
/// block of addresses takes few places in anybody's table. Pure.
/// </summary>
/// <param name="Key">The block, its leading bits after a bit that tells the family; 0 for the local group.</param>
internal readonly record struct PrefixGroup(ulong Key)
{
    private const ulong IPv4 = 1UL << 62, IPv6 = 1UL << 63;

    internal bool IsLocal => Key == 0;

    /// <summary>Most peers of the group in a bucket.</summary>
    internal int MaxInBucket => IsLocal ? RoutingLimits.LocalInBucket : RoutingLimits.PrefixInBucket;

    /// <summary>Most peers of the group in a table.</summary>
    internal int MaxInTable => IsLocal ? int.MaxValue : RoutingLimits.PrefixInTable;

    /// <summary>Most peers of the group among the nearest of a look-up.</summary>
    internal int MaxInLookup => IsLocal ? RoutingLimits.LocalInLookup : RoutingLimits.PrefixInLookup;

    /// <param name="record">What the peer says.</param>
    /// <param name="metAt">Where it was met; null when it was not, or over a gateway.</param>
    internal static PrefixGroup Of(PeerRecord record, IPAddress? metAt)
    {
        if (metAt is not null && AddressScopes.Of(metAt) == AddressScope.Public)
            return OfPublic(metAt);
        foreach (var address in record.Addresses)
        {
            if (AddressScopes.Of(address.EndPoint.Address) == AddressScope.Public)
                return OfPublic(address.EndPoint.Address);
        }

        return default;
    }

    private static PrefixGroup OfPublic(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).TryWriteBytes(bytes, out var length);
        return new PrefixGroup(length == 4 ? IPv4 | BinaryPrimitives.ReadUInt32BigEndian(bytes) >> 8 : IPv6 | BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 8);
    }
}
