using System.Net;
using Crust.Tests.NatLab;

namespace Crust.Tests.Processes;

/// <summary>
/// Two hosts on one wire, made of network namespaces, that drops what it is told to without a word. Needs Linux, root, and the commands <c>ip</c> and
/// <c>nft</c>; without them the test is skipped.
/// </summary>
public sealed class TwoHosts : IDisposable
{
    private readonly NetworkNamespace[] _hosts;

    private TwoHosts(NetworkNamespace[] hosts) => _hosts = hosts;

    /// <summary>The address of a host, 0 or 1.</summary>
    public static string AddressOf(int host) => $"10.199.0.{host + 1}";

    /// <summary>Makes the hosts and the wire.</summary>
    public static TwoHosts Create()
    {
        Lab.Require("ip", "nft");
        var hosts = new TwoHosts([new NetworkNamespace("left"), new NetworkNamespace("right")]);
        try
        {
            Veth.Connect(hosts._hosts[0], "wire", hosts._hosts[1], "wire").WithAddresses(IPAddress.Parse(AddressOf(0)), IPAddress.Parse(AddressOf(1)), 24);
            return hosts;
        }
        catch
        {
            hosts.Dispose();
            throw;
        }
    }

    /// <summary>The command that runs another one on a host, and becomes it.</summary>
    public string[] On(int host) => [SystemCommand.Find("ip"), "netns", "exec", _hosts[host].Name];

    /// <summary>From now on the wire carries no <c>tcp</c>, or no <c>udp</c>; null: everything.</summary>
    public void Block(string? protocol)
    {
        var rule = protocol is null ? "" : $"iifname \"wire\" meta l4proto {protocol} drop";
        foreach (var host in _hosts)
        {
            // Where packets come in: a host that drops what it sends itself would be told, and it is the wire that is to be silent.
            host.ApplyRules(
                $$"""
                table inet wire
                delete table inet wire
                table inet wire {
                  chain in {
                    type filter hook prerouting priority -300
                    {{rule}}
                  }
                }

                """);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var host in _hosts)
            host.Dispose();
    }
}
