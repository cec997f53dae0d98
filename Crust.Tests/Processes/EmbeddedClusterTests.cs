using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

[Trait("speed", "slow")]
public sealed class EmbeddedClusterTests
{
    [Fact]
    public async Task Silo_WithItsOwnGateway_IsAWholeClusterForPeers()
    {
        using var folder = new TemporaryFolder();
        await using var silo = CrustProcess.Silo(folder, "--connection", folder.PathOf("silo"), "--silo-port", "0", "--gateway-port", "0", "--http", "0", "--json");
        var ready = await silo.EventAsync("ready");
        ready.Address.Should().StartWith("tcp://127.0.0.1:").And.EndWith($"/{ready.Text("peer")}");

        folder.Bootstrap = ready.Address;
        await using var node = CrustProcess.Crust(folder, "node", "--json");
        var peer = (await node.EventAsync("ready")).Text("peer");
        (await node.EventAsync("ready")).Text("gateway").Should().Be(ready.Text("peer"));
        File.Exists(folder.PathOf("config/crust/identity")).Should().BeTrue("a node without --identity makes the default one");
        await using var ping = CrustProcess.Crust(folder, "ping", peer, "--count", "2", "--interval", "0.1", "--json");
        (await ping.ExitAsync()).Should().Be(0, ping.ToString());
        ping.Events.Count(e => e.Name == "pong").Should().Be(2);

        await silo.TerminateAsync();
        (await silo.ExitAsync()).Should().Be(0, silo.ToString());
        silo.Error.Should().BeEmpty();
    }
}
