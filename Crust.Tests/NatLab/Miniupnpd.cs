using System.Diagnostics;

namespace Crust.Tests.NatLab;

/// <summary>miniupnpd on a site's router: UPnP-IGD, NAT-PMP and PCP towards <c>lan</c>, mappings as rules in nftables. Debian's package is started in the foreground.</summary>
internal static class Miniupnpd
{
    private const string Table = "upnp", Filter = "miniupnpd";

    /// <summary>Starts it; it ends with its namespace. Its files are in the folder given.</summary>
    internal static void Start(Site site, string folder)
    {
        // Its chains, where it looks for them. What it lets in it lets past the guard, so its filter is one of the guard's chains: one that only accepts, in a hook of its own, would leave pinholes shut.
        site.Router.ApplyRules(
            $$"""
            table inet {{RouterRules.GuardTable}} {
              chain {{Filter}} { }
            }

            insert rule inet {{RouterRules.GuardTable}} forward jump {{Filter}}
            table inet {{Table}} {
              chain prerouting { type nat hook prerouting priority -101; policy accept; jump prerouting_miniupnpd; }
              chain postrouting { type nat hook postrouting priority 99; policy accept; jump postrouting_miniupnpd; }
              chain prerouting_miniupnpd { }
              chain postrouting_miniupnpd { }
            }

            """);
        var configuration = Path.Combine(folder, $"{site.Router.Name}.conf");
        File.WriteAllText(
            configuration,
            $"""
            ext_ifname=wan
            listening_ip=lan
            enable_natpmp=yes
            enable_upnp=yes
            secure_mode=yes
            system_uptime=yes
            port=0
            upnp_table_name={RouterRules.GuardTable}
            upnp_nat_table_name={Table}
            upnp_forward_chain={Filter}
            upnp_nat_chain=prerouting_miniupnpd
            upnp_nat_postrouting_chain=postrouting_miniupnpd
            lease_file={Path.Combine(folder, $"{site.Router.Name}.leases")}
            uuid=74cfccaf-4a2c-4afd-9462-d4dac78ae565
            allow 1024-65535 0.0.0.0/0 1024-65535
            deny 0-65535 0.0.0.0/0 0-65535

            """);
        var start = site.Router.Prepare(SystemCommand.Find("miniupnpd"), "-d", "-f", configuration, "-P", Path.Combine(folder, $"{site.Router.Name}.pid"));
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>How many pinholes are open: rules with a destination of IPv6, which nft shows as 128 bits behind the first 192 of the header.</summary>
    internal static int Pinholes(Site site) => site.Router.Run("nft", "list", "chain", "inet", RouterRules.GuardTable, Filter).Split('\n')
        .Count(line => line.Contains("@nh,192,128", StringComparison.Ordinal) || line.Contains("ip6 daddr", StringComparison.Ordinal));

    /// <summary>What the router maps now, one rule a line.</summary>
    internal static IReadOnlyList<string> Mappings(Site site) =>
        [.. site.Router.Run("nft", "list", "chain", "inet", Table, "prerouting_miniupnpd").Split('\n').Select(line => line.Trim()).Where(line => line.Contains("dnat", StringComparison.Ordinal))];
}
