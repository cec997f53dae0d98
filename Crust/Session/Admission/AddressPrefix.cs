using System.Net;
using System.Net.Sockets;

namespace Crust.Session.Admission;

/// <summary>
/// The block of addresses that limits count as one: a /24 (IPv4) or /56 (IPv6), the smallest that one customer is usually given. Pure.
/// </summary>
/// <param name="Base">The block's first address; IPv4 in its own form.</param>
internal readonly record struct AddressPrefix(IPAddress Base)
{
    /// <summary>True for this host's own addresses, which are all one prefix.</summary>
    internal bool IsLoopback => IPAddress.IsLoopback(Base);

    internal static AddressPrefix Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.Equals(IPAddress.IPv6Loopback))
            return new AddressPrefix(IPAddress.IPv6Loopback);
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(address.AddressFamily == AddressFamily.InterNetwork ? 3 : 7).Clear();
        return new AddressPrefix(new IPAddress(bytes));
    }
}
