using Crust.Tests.Processes;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.NatLab;

/// <summary>
/// A peer behind a router that nobody gets through unasked (symmetric NAT), with miniupnpd on it: in each protocol the port is mapped, dialled by a gateway from a port that the peer has not
/// sent anything to, published, dialled by another peer, and gone from the router when the peer stops.
/// </summary>
[Trait("speed", "slow")]
public sealed class PortMappingTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<CrustProcess> _processes = [];
    private Internet _internet = null!;
    private Site _site = null!;
    private string[] _gateways = [];

    public async ValueTask InitializeAsync()
    {
        Lab.Require("nft", "miniupnpd");
        _internet = new Internet();
        _site = new Site(_internet, new SiteOptions(RouterKind.Symmetric) { PortMapping = true });
        var silo = Add(CrustProcess.SiloThrough(
            _folder, On(_internet.Namespace), "--connection", _folder.PathOf("silo"), "--silo-port", "0", "--gateway-port", "0", "--http", "0", "--peers-listen", $"{Internet.First}", "--json"));
        var ready = await silo.EventAsync("ready");
        _gateways = ready.Addresses;
        var other = Add(Crust(
            _internet.Namespace, "gateway", "--listen", $"{Internet.Second}", "--cluster", $"127.0.0.1:{ready.Number("gatewayPort")}", "--identity", _folder.PathOf("other")));
        await other.EventAsync("cluster");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
            await process.DisposeAsync();
        _site?.Dispose();
        _internet?.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("PCP")]
    [InlineData("NAT-PMP")]
    [InlineData("UPnP-IGD")]
    public async Task APeerBehindARouterThatMaps_IsDialledThere_AndTheMappingGoesWithIt(string protocol)
    {
        Leave(protocol);
        var node = await NodeAsync();
        var mapped = await node.EventAsync("port-mapping", e => e.Text("state") == "mapped" && e.Body.GetProperty("mappings").GetArrayLength() == 2);
        mapped.Body.GetProperty("mappings").EnumerateArray().Select(m => m.GetProperty("method").GetString()).Should().OnlyContain(m => m == protocol);
        Miniupnpd.Mappings(_site).Should().HaveCount(2);
        foreach (var scheme in new[] { "tcp", "utp" })
            await node.EventAsync("reachability", e => e.Text("state") == "proven" && e.Body.GetProperty("mapped").GetBoolean() && e.Text("address").StartsWith(scheme, StringComparison.Ordinal));

        var ping = await PingAsync(node);
        (await ping.EventAsync("connected")).Text("path").Should().BeOneOf("mapped-tcp", "mapped-utp");
        output.WriteLine($"{protocol}: {mapped.Text("why")}; {(await ping.EventAsync("connected")).Text("why")}");

        await node.TerminateAsync();
        (await node.ExitAsync()).Should().Be(0, node.ToString());
        Miniupnpd.Mappings(_site).Should().BeEmpty();
    }

    [Fact]
    public async Task AMappingThatTheRouterDropped_IsThereAgain_WithinAMinute()
    {
        var node = await NodeAsync();
        await node.EventAsync("port-mapping", e => e.Text("state") == "mapped" && e.Body.GetProperty("mappings").GetArrayLength() == 2);
        _site.Router.Run("nft", "flush", "chain", "inet", "upnp", "prerouting_miniupnpd");
        Miniupnpd.Mappings(_site).Should().BeEmpty();

        var took = await Eventually.HoldsAsync(() => Miniupnpd.Mappings(_site).Count == 2, "it is asked for again", TimeSpan.FromMinutes(3));

        output.WriteLine($"Mapped again after {took.TotalSeconds:0} s.");
        took.Should().BeLessThan(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task WithoutPortMapping_TheRouterIsNotAsked_AndTheAddressIsNotPublished()
    {
        var node = await NodeAsync("--no-port-mapping");
        await node.EventAsync("reachability", e => e.Text("state") == "failed");

        Miniupnpd.Mappings(_site).Should().BeEmpty();
        node.Events.Should().NotContain(e => e.Name == "port-mapping");
    }

    private static string[] On(NetworkNamespace host) => [SystemCommand.Find("ip"), "netns", "exec", host.Name];

    /// <summary>Lets the router speak one protocol alone. PCP and NAT-PMP share a port and differ in the first byte.</summary>
    private void Leave(string protocol)
    {
        var rule = protocol switch
        {
            "PCP" => "udp dport 1900 drop; udp dport 5351 @th,64,8 0 drop;",
            "NAT-PMP" => "udp dport 1900 drop; udp dport 5351 @th,64,8 2 drop;",
            _ => "udp dport 5351 drop;",
        };
        _site.Router.ApplyRules($"table inet one-protocol {{\n  chain in {{ type filter hook input priority 0; {rule} }}\n}}\n");
    }

    private async Task<CrustProcess> NodeAsync(params string[] options)
    {
        var node = Add(Crust(_site.Hosts[0], ["node", "--identity", _folder.PathOf("peer"), .. _gateways.SelectMany(g => new[] { "--bootstrap", g }), .. options]));
        await node.EventAsync("ready");
        return node;
    }

    /// <summary>From a host of the internet. The record with the proven addresses is on its way when they are told.</summary>
    private async Task<CrustProcess> PingAsync(CrustProcess node)
    {
        var peer = (await node.EventAsync("ready")).Text("peer");
        for (var attempt = 1; ; attempt++)
        {
            var ping = Add(Crust(_internet.Namespace, ["ping", peer, "--count", "2", "--interval", "0.1", .. _gateways.SelectMany(g => new[] { "--bootstrap", g })]));
            if (await ping.ExitAsync() == 0 || attempt == 3)
                return ping;
        }
    }

    private CrustProcess Crust(NetworkNamespace host, params string[] arguments) => CrustProcess.CrustThrough(_folder, On(host), [.. arguments, "--json"]);

    private CrustProcess Add(CrustProcess process)
    {
        _processes.Add(process);
        return process;
    }
}
