using System.Net;
using System.Net.Sockets;

namespace Crust.Nat.PortMapping;

/// <summary>Tells the <see cref="AddressScope"/> of an address. Pure.</summary>
internal static class AddressScopes
{
    /// <summary>
    /// The scope; of an IPv6 address that embeds an IPv4 one (mapped, NAT64's well-known prefix, 6to4), the embedded one's where that is not public, so that no
    /// spelling gets past whoever asks. The documentation blocks (RFC 5737, RFC 3849) count as public: nobody is there, and tests live in them.
    /// </summary>
    internal static AddressScope Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out var length))
            return AddressScope.Reserved;
        return address.AddressFamily == AddressFamily.InterNetwork ? OfIPv4(bytes[..length]) : OfIPv6(bytes[..length]);
    }

    private static AddressScope OfIPv4(ReadOnlySpan<byte> a) => (a[0], a[1], a[2]) switch
    {
        (0, _, _) => AddressScope.Unspecified,
        (127, _, _) => AddressScope.Loopback,
        (10, _, _) or (172, >= 16 and < 32, _) or (192, 168, _) => AddressScope.Private,
        (100, >= 64 and < 128, _) => AddressScope.CarrierNat,
        (169, 254, _) => AddressScope.LinkLocal,
        // RFC 6890: protocol assignments, 6to4 relays, benchmarks; multicast and everything above.
        (192, 0, 0) or (192, 88, 99) or (198, 18 or 19, _) or (>= 224, _, _) => AddressScope.Reserved,
        _ => AddressScope.Public,
    };

    private static AddressScope OfIPv6(ReadOnlySpan<byte> a)
    {
        if (a[..15].IndexOfAnyExcept((byte)0) < 0)
            return a[15] switch { 0 => AddressScope.Unspecified, 1 => AddressScope.Loopback, _ => AddressScope.Reserved };
        if (a[0] == 0xFF)
            return AddressScope.Reserved;
        if (a[0] == 0xFE && (a[1] & 0xC0) == 0x80)
            return AddressScope.LinkLocal;
        // fec0::/10: site-local, deprecated by RFC 3879 and still somebody's inside.
        if ((a[0] & 0xFE) == 0xFC || (a[0] == 0xFE && (a[1] & 0xC0) == 0xC0))
            return AddressScope.Private;
        if (IsNat64(a))
            return OfIPv4(a[12..]);
        if (a[0] == 0x20 && a[1] == 0x02)
            return OfIPv4(a[2..6]);
        // 2000::/3 is all that is given out.
        return (a[0] & 0xE0) == 0x20 ? AddressScope.Public : AddressScope.Reserved;
    }

    /// <summary>64:ff9b::/96 (RFC 6052 §2.1).</summary>
    private static bool IsNat64(ReadOnlySpan<byte> a) => a[0] == 0 && a[1] == 0x64 && a[2] == 0xFF && a[3] == 0x9B && a[4..12].IndexOfAnyExcept((byte)0) < 0;
}
