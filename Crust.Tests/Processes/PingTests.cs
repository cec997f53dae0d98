using System.Diagnostics;
using System.Net;
using FluentAssertions;
using FluentAssertions.Execution;
using Xunit;

namespace Crust.Tests.Processes;

[Trait("speed", "slow")]
public sealed class PingTests(ProcessCluster cluster, ITestOutputHelper output) : IClassFixture<ProcessCluster>
{
    [Fact]
    public async Task Ping_ReachesAPeerByIdAlone_AcrossTwoGateways()
    {
        var ping = cluster.Ping(gateway: 0, count: 5);
        (await ping.ExitAsync()).Should().Be(0, ping.ToString());

        ping.Error.Should().BeEmpty();
        ping.Events.Select(e => e.Name).Where(name => name != "path-changed").Should().Equal("ready", "connected", "pong", "pong", "pong", "pong", "pong", "summary");
        var ready = await ping.EventAsync("ready");
        ready.Text("peer").Should().HaveLength(52).And.NotBe(cluster.PeerId);
        ready.Text("gateway").Should().Be((await cluster.Gateways[0].EventAsync("ready")).Text("peer"), "the peer is attached to the other gateway");
        (await cluster.Peer.EventAsync("ready")).Text("gateway").Should().Be((await cluster.Gateways[1].EventAsync("ready")).Text("peer"));

        var connected = await ping.EventAsync("connected");
        connected.Text("peer").Should().Be(cluster.PeerId);
        connected.Text("path").Should().Be("direct-tcp");
        IPEndPoint.Parse(connected.Text("local")).Port.Should().NotBe(0);
        cluster.PeerId.Should().Be((await cluster.Peer.EventAsync("ready")).Text("peer"));
        (await cluster.Peer.EventAsync("ready")).Address.Should().Be($"tcp://{connected.Text("remote")}/{cluster.PeerId}");
        connected.Body.GetProperty("ms").GetDouble().Should().BePositive();
        connected.Text("why").Should().NotBeEmpty();

        var pongs = ping.Events.Where(e => e.Name == "pong").ToArray();
        pongs.Select(e => e.Number("seq")).Should().Equal(1, 2, 3, 4, 5);
        pongs.Should().OnlyContain(e => e.Text("path") == "direct-tcp" && e.Body.GetProperty("ms").GetDouble() > 0);
        output.WriteLine($"connected in {connected.Body.GetProperty("ms")} ms, median pong {(await ping.EventAsync("summary")).Body.GetProperty("medianMs")} ms");
    }

    [Fact]
    public async Task Ping_TakesItsGatewayFromTheEnvironment_AndSpeaksToPeople()
    {
        using var folder = new TemporaryFolder { Bootstrap = $"{cluster.GatewayAddresses[0]}, {cluster.GatewayAddresses[1]}" };
        await using var ping = CrustProcess.Crust(folder, "ping", cluster.PeerId, "--count", "2", "--interval", "0.1");
        (await ping.ExitAsync()).Should().Be(0, ping.ToString());

        ping.Error.Should().BeEmpty();
        var said = string.Join('\n', ping.Output);
        said.Should().Contain($"Connected with {cluster.PeerId} in ").And.Contain("direct-tcp to 127.0.0.1:").And.NotContain("{");
        said.Should().MatchRegex("(?m)^1: [0-9.]+ ms, direct-tcp$").And.MatchRegex("(?m)^2: [0-9.]+ ms, direct-tcp$").And.MatchRegex("2 answers, median [0-9.]+ ms");
    }

    [Fact]
    public async Task Ping_FailsPromptly_WhenNobodyKnowsTheId()
    {
        using var nobody = Identity.PeerIdentity.Create();
        var start = Stopwatch.GetTimestamp();
        var ping = cluster.Crust("ping", nobody.Id.ToString(), "--bootstrap", cluster.GatewayAddresses[0], "--json");
        (await ping.ExitAsync()).Should().Be(1, ping.ToString());
        var took = Stopwatch.GetElapsedTime(start);

        using var scope = new AssertionScope();
        ping.Events.Select(e => e.Name).Should().Equal("ready", "failed");
        (await ping.EventAsync("failed")).Text("code").Should().Be("peer-not-found");
        ping.Error.Should().ContainSingle().Which.Should().StartWith("crust: ").And.Contain(nobody.Id.ToString());
        took.Should().BeLessThan(TimeSpan.FromSeconds(30), "10 s are promised, and three times that is a hang");
        output.WriteLine($"failed after {took.TotalMilliseconds:0} ms, start of the process included");
    }
}
