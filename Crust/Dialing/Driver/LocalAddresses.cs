using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Crust.Dialing.Driver;

/// <summary>The addresses of this host that others could dial.</summary>
internal static class LocalAddresses
{
    /// <summary>
    /// For a listener on one address, that one; for one on every address, the unicast addresses of interfaces that are up, without loopback
    /// and link-local ones (these mean nothing elsewhere).
    /// </summary>
    internal static IReadOnlyList<IPAddress> For(IPAddress listen)
    {
        if (!listen.Equals(IPAddress.Any) && !listen.Equals(IPAddress.IPv6Any))
            return [listen];
        var found = new List<IPAddress>();
        foreach (var network in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (network.OperationalStatus != OperationalStatus.Up || network.NetworkInterfaceType == NetworkInterfaceType.Loopback)
                continue;
            foreach (var unicast in network.GetIPProperties().UnicastAddresses)
            {
                var address = unicast.Address;
                var wanted = address.AddressFamily == AddressFamily.InterNetwork
                    || (address.AddressFamily == AddressFamily.InterNetworkV6 && listen.Equals(IPAddress.IPv6Any) && !address.IsIPv6LinkLocal);
                if (wanted && !IPAddress.IsLoopback(address))
                    found.Add(address);
            }
        }

        return found;
    }

    /// <summary>An IPv4 address in its own form, also when a dual-stack socket shows it mapped into IPv6.</summary>
    internal static IPEndPoint Unmapped(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}
