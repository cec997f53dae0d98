using System.Net;

namespace Crust.Tests.NatLab;

/// <summary>A pair of virtual Ethernet interfaces (veth(4)): a cable between two namespaces. It goes when either of them does.</summary>
internal sealed class Veth
{
    private readonly (NetworkNamespace Namespace, string Interface) _first, _second;

    private Veth((NetworkNamespace Namespace, string Interface) first, (NetworkNamespace Namespace, string Interface) second)
    {
        _first = first;
        _second = second;
    }

    /// <summary>Lays a cable; the interfaces are up.</summary>
    /// <param name="first">One end.</param>
    /// <param name="firstInterface">Its interface there, at most 15 characters.</param>
    /// <param name="second">The other.</param>
    /// <param name="secondInterface">Its interface there.</param>
    internal static Veth Connect(NetworkNamespace first, string firstInterface, NetworkNamespace second, string secondInterface)
    {
        SystemCommand.Run("ip", ["link", "add", firstInterface, "netns", first.Name, "type", "veth", "peer", "name", secondInterface, "netns", second.Name]);
        first.Ip("link", "set", firstInterface, "up");
        second.Ip("link", "set", secondInterface, "up");
        return new Veth((first, firstInterface), (second, secondInterface));
    }

    /// <summary>Gives each end an address of a network of that prefix length. IPv6 addresses are usable at once: nobody else can have them.</summary>
    internal Veth WithAddresses(IPAddress first, IPAddress second, int prefixLength)
    {
        AddAddress(_first, first, prefixLength);
        AddAddress(_second, second, prefixLength);
        return this;
    }

    /// <summary>Both interfaces' MTU.</summary>
    internal Veth WithMtu(int mtu)
    {
        _first.Namespace.Ip("link", "set", _first.Interface, "mtu", $"{mtu}");
        _second.Namespace.Ip("link", "set", _second.Interface, "mtu", $"{mtu}");
        return this;
    }

    /// <summary>Switches a feature of both interfaces, as <c>ethtool -K</c> names it. Needs ethtool.</summary>
    internal Veth WithFeature(string feature, bool isOn)
    {
        _first.Namespace.Run("ethtool", "-K", _first.Interface, feature, isOn ? "on" : "off");
        _second.Namespace.Run("ethtool", "-K", _second.Interface, feature, isOn ? "on" : "off");
        return this;
    }

    private static void AddAddress((NetworkNamespace Namespace, string Interface) end, IPAddress address, int prefixLength)
    {
        string[] arguments = ["address", "add", $"{address}/{prefixLength}", "dev", end.Interface];
        end.Namespace.Ip(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? [.. arguments, "nodad"] : arguments);
    }
}
