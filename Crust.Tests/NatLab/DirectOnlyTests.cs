using Crust.Tests.Processes;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.NatLab;

/// <summary>A caller that takes only direct paths, where neither side can be dialled: it punches over a control circuit.</summary>
[Trait("speed", "slow")]
public sealed class DirectOnlyTests(LabCluster cluster, ITestOutputHelper output)
{
    [Fact]
    public async Task PortRestricted_PortRestricted_ConnectsWithoutARelayedSession()
    {
        Lab.Require("nft");
        await cluster.StartedAsync();
        using var here = new Site(cluster.Internet, new SiteOptions(RouterKind.PortRestricted));
        using var there = new Site(cluster.Internet, new SiteOptions(RouterKind.PortRestricted));
        using var folder = new TemporaryFolder();
        string[] common = [.. cluster.Addresses.SelectMany(static a => new[] { "--bootstrap", a }), "--json"];
        await using var node = CrustProcess.CrustThrough(folder, LabCluster.On(there.Hosts[0]), ["node", "--identity", folder.PathOf("peer"), .. common]);
        var peer = (await node.EventAsync("ready")).Text("peer");

        await using var ping = CrustProcess.CrustThrough(folder, LabCluster.On(here.Hosts[0]), ["ping", peer, "--path", "direct", "--wait-direct", "1", "--count", "3", "--interval", "0.02", .. common]);
        var code = await ping.ExitAsync();

        var story = $"{ping}\n{node}";
        output.WriteLine(story);
        code.Should().Be(0, story);
        ping.Events.Where(static e => e.Name is "connected" or "path-changed" or "pong").Select(static e => e.Text("path")).Should().NotBeEmpty().And.OnlyContain(static p => p.StartsWith("punched-"), story);
        node.Events.Where(static e => e.Name is "connected" or "path-changed").Should().NotContain(static e => e.Text("path") == "relayed", story);
    }
}
