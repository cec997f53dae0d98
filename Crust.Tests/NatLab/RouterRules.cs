using System.Globalization;
using System.Net;

namespace Crust.Tests.NatLab;

/// <summary>
/// The nftables rules of a router. <c>wan</c> is its interface to the internet, every other one leads to hosts. Conntrack alone makes `Firewall`, `Linux` and the
/// symmetric kinds; endpoint-independent mappings are kept in a map of the rules' own, since conntrack forgets a port with its last flow. Pure.
/// </summary>
/// <remarks>
/// Life of a mapping: two minutes after the last packet out (RFC 4787 REQ-5), for TCP as well. The counter <c>refused</c> tells what came unasked and was dropped, or reset.
/// </remarks>
internal static class RouterRules
{
    /// <summary>The table of what may pass, with the chain <c>forward</c>.</summary>
    internal const string GuardTable = "guard";

    /// <summary>External ports lie where no host's system picks its own (Linux: 32768 to 60999): a mapped port is never the host's.</summary>
    internal const int FirstPort = 10_000, LastPort = 29_999;

    /// <summary>Ports that the sequential kind goes round in.</summary>
    internal const int SequentialPorts = 4096;

    /// <param name="kind">What it is to do.</param>
    /// <param name="publicAddress">The router's address on <c>wan</c>: what hosts are seen by, where the kind translates.</param>
    /// <param name="restriction">What it does not let out.</param>
    /// <param name="hairpin">Whether hosts reach one another by their external end points; for <see cref="RouterKind.FullCone"/> only.</param>
    /// <param name="resets">Whether TCP that comes unasked is answered by a reset.</param>
    internal static string For(RouterKind kind, IPAddress publicAddress, Restriction restriction = Restriction.Nothing, bool hairpin = false, bool resets = false)
    {
        if (hairpin && kind != RouterKind.FullCone)
            throw new ArgumentException("Only a full cone has hairpin here.", nameof(hairpin));
        return Guard(kind, publicAddress, restriction, resets) + kind switch
        {
            RouterKind.None or RouterKind.Firewall => "",
            RouterKind.Linux => Translation("masquerade"),
            RouterKind.Symmetric => Translation("masquerade fully-random"),
            RouterKind.SymmetricSequential => Translation($"snat ip to {publicAddress} : numgen inc mod {SequentialPorts} map {{ {Counted()} }}"),
            _ => Cone("tcp", kind, publicAddress, hairpin) + Cone("udp", kind, publicAddress, hairpin),
        };
    }

    private static string Guard(RouterKind kind, IPAddress publicAddress, Restriction restriction, bool resets)
    {
        var reset = resets ? "iifname \"wan\" meta l4proto tcp ct state new counter name refused reject with tcp reset\n    " : "";
        return $$"""
        table inet {{GuardTable}} {
          counter refused { }
          counter restricted { }
          chain forward {
            type filter hook forward priority 0; policy accept;
            {{restriction switch
            {
                Restriction.UdpBlocked => "meta l4proto udp counter name restricted drop",
                Restriction.TcpBlocked => "meta l4proto tcp counter name restricted drop",
                Restriction.OnlyTcp443 => "iifname != \"wan\" meta l4proto udp counter name restricted drop\n    iifname != \"wan\" tcp dport != 443 ct state new counter name restricted drop",
                _ => "",
            }}}
            {{(kind == RouterKind.None ? "" : $"iifname \"wan\" ct status dnat accept\n    {reset}iifname \"wan\" ct state new counter name refused drop\n    ct state invalid counter name refused drop")}}
          }
          chain input {
            type filter hook input priority 0; policy accept;
            {{(kind is RouterKind.None or RouterKind.Firewall ? "" : $"{reset}iifname \"wan\" meta l4proto {{ tcp, udp }} ct state != {{ established, related }} counter name refused drop\n    iifname != \"wan\" ip daddr {publicAddress} meta l4proto {{ tcp, udp }} ct state new counter name refused drop")}}
          }
        }

        """;
    }

    private static string Translation(string how) =>
        $$"""
        table ip nat {
          chain out {
            type nat hook postrouting priority srcnat; policy accept;
            oifname "wan" meta l4proto { tcp, udp } {{how}}
          }
        }

        """;

    private static string Counted() =>
        string.Join(", ", Enumerable.Range(0, SequentialPorts).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i} : {FirstPort + i}")));

    /// <summary>
    /// <c>external</c> gives an inner end its port, <c>owner</c> a port its inner end; <c>seen</c> holds whom a port has sent to. All three are written after translation,
    /// at each packet out, of either direction of a flow.
    /// </summary>
    private static string Cone(string protocol, RouterKind kind, IPAddress publicAddress, bool hairpin)
    {
        var (seenType, seenOut, seenIn) = kind switch
        {
            RouterKind.FullCone => ("inet_service", $"{protocol} sport", $"{protocol} dport"),
            RouterKind.AddressRestricted => ("inet_service . ipv4_addr", $"{protocol} sport . ip daddr", $"{protocol} dport . ip saddr"),
            _ => ("inet_service . ipv4_addr . inet_service", $"{protocol} sport . ip daddr . {protocol} dport", $"{protocol} dport . ip saddr . {protocol} sport"),
        };
        // Marked where it turns round: what a stranger sends in is translated at one end alone, and keeps its sender.
        // Conntrack knows a flow that goes round by the inner source and the public destination: it is translated at both ends.
        var outward = hairpin ? "ct mark 1 ct direction original oifname != \"wan\"" : "";
        return
            $$"""
            table ip cone-{{protocol}} {
              map external { type ipv4_addr . inet_service : inet_service; flags dynamic,timeout; timeout 120s; size 65535; }
              map owner { type inet_service : ipv4_addr . inet_service; flags dynamic,timeout; timeout 120s; size 65535; }
              set seen { type {{seenType}}; flags dynamic,timeout; timeout 120s; size 65535; }
              chain in {
                type nat hook prerouting priority dstnat; policy accept;
                iifname "wan" ip daddr {{publicAddress}} {{seenIn}} @seen dnat ip to {{protocol}} dport map @owner
                {{(hairpin ? $"iifname != \"wan\" ip daddr {publicAddress} {protocol} dport @seen ct mark set 1 dnat ip to {protocol} dport map @owner" : "")}}
              }
              chain out {
                type nat hook postrouting priority srcnat; policy accept;
                oifname "wan" meta l4proto {{protocol}} snat ip to {{publicAddress}} : ip saddr . {{protocol}} sport map @external
                oifname "wan" meta l4proto {{protocol}} snat ip to {{publicAddress}} : {{FirstPort}}-{{LastPort}}
                {{(hairpin ? $"oifname != \"wan\" ct mark 1 meta l4proto {protocol} snat ip to {publicAddress} : ip saddr . {protocol} sport map @external\n    oifname != \"wan\" ct mark 1 meta l4proto {protocol} snat ip to {publicAddress} : {FirstPort}-{LastPort}" : "")}}
              }
              chain remember {
                type filter hook postrouting priority 150; policy accept;
                oifname "wan" meta l4proto {{protocol}} jump learn
                {{(hairpin ? $"{outward} meta l4proto {protocol} jump learn" : "")}}
              }
              chain learn {
                meta l4proto {{protocol}} ct direction original update @external { ct original ip saddr . ct original proto-src : {{protocol}} sport }
                meta l4proto {{protocol}} ct direction original update @owner { {{protocol}} sport : ct original ip saddr . ct original proto-src }
                meta l4proto {{protocol}} ct direction reply update @external { ct reply ip saddr . ct reply proto-src : {{protocol}} sport }
                meta l4proto {{protocol}} ct direction reply update @owner { {{protocol}} sport : ct reply ip saddr . ct reply proto-src }
                update @seen { {{seenOut}} }
              }
            }

            """;
    }
}
