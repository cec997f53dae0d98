using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Crust.Tests.NatLab;

/// <summary>
/// A router and the hosts behind it, a namespace each. All homes number their hosts alike, from 192.168.1.10, as homes do: a private address of another site leads to
/// a stranger. As an <see cref="IUplink"/> a site is a carrier: homes plug their routers into it (RFC 6598 addresses, RFC 6888).
/// </summary>
internal sealed partial class Site : IUplink, IDisposable
{
    private readonly List<NetworkNamespace> _hosts = [];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("crust-site-");

    private int _subscribers;

    internal Site(IUplink uplink, SiteOptions options)
    {
        Options = options;
        Router = new NetworkNamespace("router");
        try
        {
            Subscription = uplink.Subscribe(Router);
            Router.Set("ipv4/ip_forward", 1);
            Router.Set("ipv6/conf/all/forwarding", 1);
            // Conntrack remembers as long as the maps of the rules do.
            Router.Set("netfilter/nf_conntrack_udp_timeout", 120);
            Router.ApplyRules(RouterRules.For(options.Kind, Subscription.Address, options.Restriction, options.Hairpin, options.Resets));
            if (options.Hosts > 0)
                MakeHosts();
            if (options.PortMapping)
                Miniupnpd.Start(this, _folder.FullName);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What it was made of.</summary>
    internal SiteOptions Options { get; }

    /// <summary>The router.</summary>
    internal NetworkNamespace Router { get; }

    /// <summary>Its hosts.</summary>
    internal IReadOnlyList<NetworkNamespace> Hosts => _hosts;

    /// <summary>What the provider gave it.</summary>
    internal Subscription Subscription { get; }

    /// <summary>Whether hosts have addresses of the internet.</summary>
    internal bool IsPublic => Options.Kind is RouterKind.None or RouterKind.Firewall;

    /// <summary>How strangers see its hosts.</summary>
    internal IPAddress PublicAddress => IsPublic ? Subscription.HostAddress : Subscription.Address;

    /// <summary>The IPv4 address of a host.</summary>
    internal IPAddress HostAddress(int host = 0) => IPAddress.Parse(IsPublic ? string.Join('.', $"{Subscription.HostAddress}".Split('.')[..3]) + $".{10 + host}" : $"192.168.1.{10 + host}");

    /// <summary>How many packets came unasked and were dropped.</summary>
    internal int Refused() => Counted("refused");

    /// <summary>How many packets wanted out and may not.</summary>
    internal int Restricted() => Counted("restricted");

    /// <summary>The IPv6 address of a host, where the site has IPv6.</summary>
    internal IPAddress HostAddress6(int host = 0) => IPAddress.Parse($"{Subscription.HostAddress6}"[..^2] + $"{10 + host}");

    /// <inheritdoc/>
    public Subscription Subscribe(NetworkNamespace router)
    {
        var number = Interlocked.Increment(ref _subscribers);
        var (line, network) = ($"home{number}", $"100.64.{number}");
        Veth.Connect(Router, line, router, "wan");
        Router.IpBatch($"address add {network}.1/30 dev {line}\nroute add {network}.8/29 via {network}.2\n");
        router.IpBatch($"address add {network}.2/30 dev wan\nroute add default via {network}.1\n");
        return new Subscription(IPAddress.Parse($"{network}.2"), IPAddress.Parse($"{network}.10"), null);
    }

    /// <summary>The router forgets all its mappings, as one does that starts anew.</summary>
    /// <param name="swallows">It also drops TCP segments of connections that it does not know, as many firewalls do: nobody is told that they have ended.</param>
    internal void Forget(bool swallows = false)
    {
        if (swallows)
        {
            Router.Set("netfilter/nf_conntrack_tcp_loose", 0);
            Router.ApplyRules("table inet swallow {\n  chain through { type filter hook forward priority -100; ct state invalid drop; }\n}\n");
        }

        // Nothing passes meanwhile: a packet would be remembered as the old mapping.
        Router.ApplyRules("table inet restart {\n  chain through { type filter hook forward priority -200; policy drop; }\n}\n");
        if (Options.Kind is RouterKind.FullCone or RouterKind.AddressRestricted or RouterKind.PortRestricted)
        {
            foreach (var protocol in new[] { "tcp", "udp" })
                Router.ApplyRules($"flush map ip cone-{protocol} external\nflush map ip cone-{protocol} owner\nflush set ip cone-{protocol} seen\n");
        }

        Router.Run("conntrack", "-F");
        Router.ApplyRules("delete table inet restart\n");
    }

    public void Dispose()
    {
        foreach (var host in _hosts)
            host.Dispose();
        Router.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>Hosts hang on a bridge of the router, as on a home's switch.</summary>
    private void MakeHosts()
    {
        var gateway = IsPublic ? string.Join('.', $"{Subscription.HostAddress}".Split('.')[..3]) + ".9" : "192.168.1.1";
        var length = IsPublic ? 29 : 24;
        var prefix6 = Subscription.HostAddress6 is { } address6 ? $"{address6}"[..^2] : "";
        // Where the bridge asks the rules (br_netfilter), what the router turns round to the host it came from would have to leave by the port it came by, and a bridge drops that.
        foreach (var family in new[] { "iptables", "ip6tables" })
            Router.TrySet($"bridge/bridge-nf-call-{family}", 0);
        Router.IpBatch("link add lan type bridge\nlink set lan up\n"
            + (Options.Ipv4 ? $"address add {gateway}/{length} dev lan\n" : "")
            + (Options.Ipv6 ? $"address add {prefix6}1/64 dev lan nodad\n" : ""));
        for (var i = 0; i < Options.Hosts; i++)
        {
            var host = new NetworkNamespace("host");
            _hosts.Add(host);
            Veth.Connect(Router, $"port{i}", host, "eth0");
            Router.IpBatch($"link set port{i} master lan\n");
            if (Options.Ipv4)
                host.IpBatch($"address add {HostAddress(i)}/{length} dev eth0\nroute add default via {gateway}\n");
            if (Options.Ipv6)
                host.IpBatch($"address add {prefix6}{10 + i}/64 dev eth0 nodad\nroute add default via {prefix6}1\n");
        }
    }

    private int Counted(string counter) =>
        int.Parse(Packets().Match(Router.Run("nft", "list", "counter", "inet", "guard", counter)).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("packets ([0-9]+)")]
    private static partial Regex Packets();
}
