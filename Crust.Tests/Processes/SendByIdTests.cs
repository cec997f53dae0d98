using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

[Trait("speed", "slow")]
public sealed class SendByIdTests(ProcessCluster cluster) : IClassFixture<ProcessCluster>
{
    [Fact]
    public async Task AFile_ReachesAPeerByIdAlone_AcrossTwoGateways()
    {
        var folder = cluster.Folder;
        var file = folder.Write("hello.txt", "hello");
        var receiver = cluster.Crust(
            "receive", "--out", folder.PathOf("out"), "--listen", "127.0.0.1", "--bootstrap", cluster.GatewayAddresses[1], "--identity", folder.PathOf("receiver"), "--once", "--json");
        var id = (await receiver.EventAsync("ready")).Text("peer");

        var sender = cluster.Crust("send", file, id, "--bootstrap", cluster.GatewayAddresses[0], "--identity", folder.PathOf("sender"), "--json");

        (await sender.ExitAsync()).Should().Be(0, sender.ToString());
        (await receiver.ExitAsync()).Should().Be(0, receiver.ToString());
        File.ReadAllText(folder.PathOf("out/hello.txt")).Should().Be("hello");
        (await sender.EventAsync("receipt")).Body.GetProperty("receipt").GetProperty("receiver").GetString().Should().Be(id);
    }

    [Fact]
    public async Task APeerThatTakesNoFiles_AndOneThatNobodyKnows_AreToldApart()
    {
        var folder = cluster.Folder;
        var file = folder.Write("nobody.txt", "hello");
        using var nobody = Identity.PeerIdentity.Create();
        foreach (var (peer, code) in new[] { (cluster.PeerId, "not-receiving"), (nobody.Id.ToString(), "peer-not-found") })
        {
            var sender = cluster.Crust("send", file, peer, "--bootstrap", cluster.GatewayAddresses[0], "--identity", folder.PathOf("sender2"), "--json");
            (await sender.ExitAsync()).Should().Be(1, sender.ToString());
            (await sender.EventAsync("failed")).Text("code").Should().Be(code);
            sender.Error.Should().ContainSingle();
        }
    }
}
