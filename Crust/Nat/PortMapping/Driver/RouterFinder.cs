using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Crust.Nat.PortMapping.Driver;

/// <summary>Finds the routers of this host's default routes: from the kernel's tables on Linux, elsewhere from what the interfaces say.</summary>
internal static class RouterFinder
{
    /// <summary>Nobody is there (RFC 3849, RFC 5737); the kernel is only asked which of our addresses it would use.</summary>
    private static readonly IPEndPoint FarIPv4 = new(IPAddress.Parse("192.0.2.1"), 9), FarIPv6 = new(IPAddress.Parse("2001:db8::1"), 9);

    /// <summary>One router of IPv4 and one of IPv6 at most.</summary>
    internal static IReadOnlyList<RouterPlace> Find()
    {
        try
        {
            var routers = OperatingSystem.IsLinux() ? FromKernel() : FromInterfaces();
            return [.. from router in routers let local = LocalFor(router) where local is not null select new RouterPlace(router, local)];
        }
        // Interfaces come and go while they are listed.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NetworkInformationException)
        {
            return [];
        }
    }

    private static IEnumerable<IPAddress> FromKernel()
    {
        // Of the thread's own network namespace.
        if (RouteTable.FindIPv4(File.ReadAllText("/proc/thread-self/net/route")) is { } four)
            yield return four.Router;
        if (File.Exists("/proc/thread-self/net/ipv6_route") && RouteTable.FindIPv6(File.ReadAllText("/proc/thread-self/net/ipv6_route")) is { } six)
            yield return WithInterface(six);
    }

    private static IPAddress WithInterface(DefaultRoute route)
    {
        if (!route.Router.IsIPv6LinkLocal)
            return route.Router;
        var index = File.ReadAllText($"/sys/class/net/{route.Interface}/ifindex");
        return new IPAddress(route.Router.GetAddressBytes(), long.Parse(index, System.Globalization.CultureInfo.InvariantCulture));
    }

    private static IEnumerable<IPAddress> FromInterfaces() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(i => i.OperationalStatus == OperationalStatus.Up && i.NetworkInterfaceType != NetworkInterfaceType.Loopback)
        .SelectMany(i => i.GetIPProperties().GatewayAddresses.Select(g => g.Address))
        .Where(a => AddressScopes.Of(a) is not (AddressScope.Unspecified or AddressScope.Loopback or AddressScope.Reserved))
        .GroupBy(a => a.AddressFamily).Select(family => family.First());

    /// <summary>The address that packets for the internet leave from; null where there is none.</summary>
    private static IPAddress? LocalFor(IPAddress router)
    {
        try
        {
            using var socket = new Socket(router.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(router.AddressFamily == AddressFamily.InterNetwork ? FarIPv4 : FarIPv6);
            var local = ((IPEndPoint)socket.LocalEndPoint!).Address;
            return local.IsIPv6LinkLocal ? null : local;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
