using Crust.Tests.Processes;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.NatLab;

/// <summary>A peer with IPv6 behind a stateful firewall, whose router opens pinholes when it is asked: others dial the peer's own address, and the pinholes go with the peer.</summary>
[Trait("speed", "slow")]
public sealed class PinholeTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("PCP")]
    [InlineData("UPnP-IGD")]
    public async Task APeerBehindAnIPv6Firewall_IsDialled_ThroughAPinhole(string protocol)
    {
        Lab.Require("nft", "miniupnpd");
        using var folder = new TemporaryFolder();
        using var internet = new Internet();
        using var site = new Site(internet, new SiteOptions(RouterKind.Symmetric) { Ipv6 = true, PortMapping = true });
        if (protocol != "PCP")
            site.Router.ApplyRules("table inet one-protocol {\n  chain in { type filter hook input priority 0; udp dport 5351 drop; }\n}\n");
        await using var silo = CrustProcess.SiloThrough(
            folder, On(internet.Namespace), "--connection", folder.PathOf("silo"), "--silo-port", "0", "--gateway-port", "0", "--http", "0", "--peers-listen", $"{Internet.First6}", "--json");
        var gateways = (await silo.EventAsync("ready")).Addresses.SelectMany(a => new[] { "--bootstrap", a }).ToArray();
        await using var node = CrustProcess.CrustThrough(folder, On(site.Hosts[0]), ["node", "--identity", folder.PathOf("peer"), .. gateways, "--json"]);
        var peer = (await node.EventAsync("ready")).Text("peer");

        var opened = await node.EventAsync("port-mapping", e => e.Text("router").Contains(':', StringComparison.Ordinal) && e.Text("state") == "mapped" && e.Body.GetProperty("mappings").GetArrayLength() == 2);
        opened.Body.GetProperty("mappings").EnumerateArray().Select(m => m.GetProperty("method").GetString()).Should().OnlyContain(m => m == protocol);
        Miniupnpd.Pinholes(site).Should().Be(2);
        var reached = await node.EventAsync("reachability", e => e.Text("address").Contains('[', StringComparison.Ordinal) && e.Text("state") == "unproven-filtering");
        output.WriteLine($"{protocol}: {opened.Text("why")}; {reached.Text("why")}");
        await using var ping = CrustProcess.CrustThrough(folder, On(internet.Namespace), ["ping", peer, "--count", "2", "--interval", "0.1", .. gateways, "--json"]);
        (await ping.ExitAsync()).Should().Be(0, ping.ToString());

        await node.TerminateAsync();
        (await node.ExitAsync()).Should().Be(0, node.ToString());
        Miniupnpd.Pinholes(site).Should().Be(0);
    }

    private static string[] On(NetworkNamespace host) => [SystemCommand.Find("ip"), "netns", "exec", host.Name];
}
