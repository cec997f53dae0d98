using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Crust.Discovery.Lan.Driver;

/// <summary>An interface of this host with a link that multicasts: its index in each family, null where it has no address of it, and the networks on it.</summary>
/// <param name="IPv4Index">Index for IPv4.</param>
/// <param name="IPv6Index">Index for IPv6.</param>
/// <param name="Networks">What is on the link.</param>
internal sealed record LanLink(int? IPv4Index, int? IPv6Index, IReadOnlyList<IPNetwork> Networks)
{
    /// <summary>The links that are up. Loopback and point-to-point ones are no LANs.</summary>
    internal static IReadOnlyList<LanLink> All()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces().Where(IsLan).Select(Of).OfType<LanLink>()];
        }
        catch (NetworkInformationException)
        {
            // Interfaces come and go while they are listed.
            return [];
        }
    }

    private static bool IsLan(NetworkInterface link) =>
        link is { SupportsMulticast: true, OperationalStatus: OperationalStatus.Up or OperationalStatus.Unknown }
        && link.NetworkInterfaceType is not (NetworkInterfaceType.Loopback or NetworkInterfaceType.Tunnel or NetworkInterfaceType.Ppp);

    private static LanLink? Of(NetworkInterface link)
    {
        try
        {
            var properties = link.GetIPProperties();
            var addresses = properties.UnicastAddresses;
            var networks = addresses.Select(a => NetworkOf(a.Address, a.PrefixLength)).ToList();
            return new LanLink(
                addresses.Any(static a => a.Address.AddressFamily == AddressFamily.InterNetwork) ? properties.GetIPv4Properties().Index : null,
                addresses.Any(static a => a.Address.AddressFamily == AddressFamily.InterNetworkV6) ? properties.GetIPv6Properties().Index : null,
                networks);
        }
        catch (NetworkInformationException)
        {
            return null;
        }
    }

    private static IPNetwork NetworkOf(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)((0xFF00 >> Math.Clamp(length - (i * 8), 0, 8)) & 0xFF);
        return new IPNetwork(new IPAddress(bytes), length);
    }
}
