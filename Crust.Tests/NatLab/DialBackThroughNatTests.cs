using Crust.Tests.Processes;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.NatLab;

/// <summary>What gateways find when they dial peers back through each kind of router, without port mapping: who can be reached is told so and published there, who cannot is not.</summary>
[Trait("speed", "slow")]
public sealed class DialBackThroughNatTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(RouterKind.None, true)]
    [InlineData(RouterKind.FullCone, true)]
    // It lets in the gateway that the peer has sent to, from any port, and nobody else.
    [InlineData(RouterKind.AddressRestricted, true)]
    [InlineData(RouterKind.Firewall, false)]
    [InlineData(RouterKind.PortRestricted, false)]
    [InlineData(RouterKind.Linux, false)]
    [InlineData(RouterKind.SymmetricSequential, false)]
    [InlineData(RouterKind.Symmetric, false)]
    public async Task APeer_IsReached_WhereItsRouterLetsStrangersIn(RouterKind kind, bool isReached)
    {
        Lab.Require("nft");
        using var folder = new TemporaryFolder();
        using var internet = new Internet();
        using var site = new Site(internet, new SiteOptions(kind));
        await using var silo = CrustProcess.SiloThrough(
            folder, On(internet.Namespace), "--connection", folder.PathOf("silo"), "--silo-port", "0", "--gateway-port", "0", "--http", "0", "--peers-listen", $"{Internet.First}", "--json");
        var gateways = (await silo.EventAsync("ready")).Addresses.SelectMany(a => new[] { "--bootstrap", a }).ToArray();
        await using var node = CrustProcess.CrustThrough(folder, On(site.Hosts[0]), ["node", "--identity", folder.PathOf("peer"), .. gateways, "--json"]);
        await node.EventAsync("ready");

        if (isReached)
        {
            var reached = await node.EventAsync("reachability", e => e.Text("state") == "unproven-filtering");
            reached.Text("address").Should().Contain($"://{site.PublicAddress}:");
            output.WriteLine($"{kind}: {reached.Text("address")[..30]}: {reached.Text("why")}");
        }
        else
        {
            await node.EventAsync("reachability", e => e.Text("state") == "failed");
            await Eventually.HoldsAsync(() => node.Events.Count(e => e.Name == "reachability") >= 2, "TCP and µTP are both dialled");
            node.Events.Where(e => e.Name == "reachability").Should().OnlyContain(e => e.Text("state") == "failed", node.ToString());
        }
    }

    private static string[] On(NetworkNamespace host) => [SystemCommand.Find("ip"), "netns", "exec", host.Name];
}
