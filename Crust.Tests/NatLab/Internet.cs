using System.Net;

namespace Crust.Tests.NatLab;

/// <summary>
/// The public internet of a topology: one namespace that routes between its subscribers, with two public hosts of its own (an address each, IPv4 and IPv6, and the first a second one).
/// The addresses are such as all software takes for public ones; no interface leads out of the namespaces.
/// </summary>
internal sealed class Internet : IUplink, IDisposable
{
    /// <summary>Public addresses of its own, for servers.</summary>
    internal static readonly IPAddress First = IPAddress.Parse("11.0.0.10"), Second = IPAddress.Parse("11.0.0.11");

    /// <summary>A second address of the host that has the first.</summary>
    internal static readonly IPAddress Alternate = IPAddress.Parse("11.0.0.12");

    /// <summary>For a server that one test starts and kills.</summary>
    internal static readonly IPAddress Third = IPAddress.Parse("11.0.0.13");

    /// <summary>The same in IPv6.</summary>
    internal static readonly IPAddress First6 = IPAddress.Parse("2a11:0:0:1::10"), Second6 = IPAddress.Parse("2a11:0:0:1::11");

    private int _subscribers;

    internal Internet()
    {
        Namespace = new NetworkNamespace("internet");
        try
        {
            Namespace.IpBatch($"address add {First}/32 dev lo\naddress add {Second}/32 dev lo\naddress add {Alternate}/32 dev lo\naddress add {Third}/32 dev lo\naddress add {First6}/128 dev lo nodad\naddress add {Second6}/128 dev lo nodad\n");
            Namespace.Set("ipv4/ip_forward", 1);
            Namespace.Set("ipv6/conf/all/forwarding", 1);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where servers run.</summary>
    internal NetworkNamespace Namespace { get; }

    /// <inheritdoc/>
    public Subscription Subscribe(NetworkNamespace router)
    {
        var number = Interlocked.Increment(ref _subscribers);
        var (line, network) = ($"site{number}", $"11.{1 + (number / 250)}.{number % 250}");
        var prefix = $"2a11:{number:x}";
        Veth.Connect(Namespace, line, router, "wan");
        Namespace.IpBatch(
            $"address add {network}.1/30 dev {line}\naddress add {prefix}::1/64 dev {line} nodad\n" +
            $"route add {network}.8/29 via {network}.2\nroute add {prefix}:1::/64 via {prefix}::2\n");
        router.IpBatch(
            $"address add {network}.2/30 dev wan\naddress add {prefix}::2/64 dev wan nodad\n" +
            $"route add default via {network}.1\nroute add default via {prefix}::1\n");
        return new Subscription(IPAddress.Parse($"{network}.2"), IPAddress.Parse($"{network}.10"), IPAddress.Parse($"{prefix}:1::10"));
    }

    public void Dispose() => Namespace.Dispose();
}
