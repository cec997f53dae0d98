using System.Diagnostics;
using System.Net;
using Crust.Identity;
using Crust.Identity.Driver;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary><c>crust admin</c> as operators use it, with the processes that obey: deadlines are three times the promise of 5 s.</summary>
[Trait("speed", "slow")]
public sealed class AdminTests(ProcessCluster cluster, ITestOutputHelper output) : IClassFixture<ProcessCluster>
{
    private static readonly TimeSpan Everywhere = 3 * TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Ban_EndsALivePeersAttachment_AtEveryGateway_UntilItIsTakenBack()
    {
        // Gateways are dialled as another one that was banned too: a second process under the peer's own identity would end the first one's session whenever that attached again meanwhile.
        using var other = PeerIdentity.Create();
        await cluster.AdminAsync("ban", other.Id.ToString());
        var before = Connections();
        var begun = Stopwatch.GetTimestamp();
        var ordered = (await cluster.AdminAsync("ban", cluster.PeerId, "--reason", "spam, ticket 7")).Single();
        (ordered.Name, ordered.Text("order"), ordered.Text("subject"), ordered.Text("operator")).Should().Be(("ordered", "ban", cluster.PeerId, cluster.OperatorId));
        await Eventually.HoldsAsync(() => Connections() == 0, "the peer is with no gateway", Everywhere);
        output.WriteLine($"banned: the peer's attachment ended {Last("disconnected").MillisecondsSince(begun):0} ms after the command was started, which said {ordered.MillisecondsSince(begun):0} ms after its start that the order counts (5,000 more are promised)");
        before.Should().Be(1);
        Last("disconnected").Text("why").Should().Contain("operators of this network");
        await RefusesAsync(ordered.Timestamp, isRefused: true, "banned", other);
        Connections().Should().Be(0, "it found no other way in");
        await cluster.StatusAsync(gateways: 2, peers: 0);

        var freed = (await cluster.AdminAsync("unban", other.Id.ToString())).Single();
        await RefusesAsync(freed.Timestamp, isRefused: false, "unbanned", other);
        var unbanned = (await cluster.AdminAsync("unban", cluster.PeerId)).Single();
        unbanned.Body.GetProperty("number").GetUInt64().Should().BeGreaterThan(ordered.Body.GetProperty("number").GetUInt64());
        await Eventually.HoldsAsync(() => Connections() == 1, "the peer attaches again by itself");
        output.WriteLine($"unbanned: the peer was attached again after {Last("connected").MillisecondsSince(unbanned.Timestamp):0} ms");
        await cluster.StatusAsync(gateways: 2, peers: 1);

        var audit = await cluster.AdminAsync("audit", "--count", "3");
        audit.Select(e => (e.Name, e.Text("order"), e.Text("subject"), e.Text("operator"), e.Text("reason"))).Should().Equal(
            ("audit", "unban", cluster.PeerId, cluster.OperatorId, ""), ("audit", "unban", other.Id.ToString(), cluster.OperatorId, ""), ("audit", "ban", cluster.PeerId, cluster.OperatorId, "spam, ticket 7"));
        (await cluster.AdminAsync("list")).Should().NotContain(e => e.Name == "in-force" && e.Text("order") == "ban");
    }

    [Fact]
    public async Task AllowList_LetsInOnlyThoseOnIt_UntilItIsEmpty()
    {
        using var listed = PeerIdentity.Create();
        using var unlisted = PeerIdentity.Create();
        var ordered = (await cluster.AdminAsync("allow", listed.Id.ToString())).Single();
        await Eventually.HoldsAsync(() => Connections() == 0, "who is not on the list is out", Everywhere);
        output.WriteLine($"the peer that is not on the list was out after {Last("disconnected").MillisecondsSince(ordered.Timestamp):0} ms");
        await RefusesAsync(ordered.Timestamp, isRefused: true, "not on the list", unlisted);
        await RefusesAsync(ordered.Timestamp, isRefused: false, "on the list", listed);
        var list = await cluster.AdminAsync("list");
        list.Where(e => e.Name == "in-force").Select(e => (e.Text("order"), e.Text("subject"))).Should().Contain(("allow", listed.Id.ToString()));
        list.Single(e => e.Name == "summary").Number("allowed").Should().Be(1);

        var over = (await cluster.AdminAsync("disallow", listed.Id.ToString())).Single();
        await RefusesAsync(over.Timestamp, isRefused: false, "without a list", unlisted);
        await Eventually.HoldsAsync(() => Connections() == 1, "the peer attaches again by itself");
    }

    [Fact]
    public async Task Orders_OfOthers_AreOneLine_AndNothingChanges()
    {
        var file = cluster.Folder.PathOf("nobody");
        string id;
        using (var key = IdentityFile.Create(file, overwrite: true))
            id = key.Id.ToString();
        await MistakeTests.FailsAsync(
            CrustProcess.Crust(cluster.Folder, "admin", "ban", cluster.PeerId, "--cluster", cluster.Cluster, "--identity", file), 1, $"must be started with --operator {id}");
        await using (var admin = CrustProcess.Crust(cluster.Folder, "admin", "ban", cluster.PeerId, "--cluster", cluster.Cluster, "--identity", file, "--json"))
        {
            (await admin.ExitAsync()).Should().Be(1);
            admin.Events.Should().ContainSingle().Which.Text("code").Should().Be("not-an-operator");
        }

        (await cluster.AdminAsync("audit")).Should().NotContain(e => e.Name == "audit" && e.Text("operator") == id);
        await MistakeTests.FailsAsync(CrustProcess.Crust(cluster.Folder, "admin", "ban", cluster.PeerId, "--cluster", cluster.Cluster), 1, "There is no identity file");
    }

    private ProcessEvent Last(string name) => cluster.Peer.Events.Last(e => e.Name == name);

    /// <summary>Sessions that the peer has with gateways: it tells of each but the first, with which it became ready.</summary>
    private int Connections() => 1 + cluster.Peer.Events.Count(e => e.Name == "connected") - cluster.Peer.Events.Count(e => e.Name == "disconnected");

    /// <summary>Dials both gateways until both answer as they should.</summary>
    private async Task RefusesAsync(long since, bool isRefused, string what, PeerIdentity identity)
    {
        await using var node = await CrustNode.StartAsync(
            new CrustNodeOptions { Identity = identity, Listen = IPAddress.Loopback }, TestContext.Current.CancellationToken);
        foreach (var address in cluster.GatewayAddresses)
        {
            await Eventually.HoldsAsync(() => IsRefusedAsync(node, PeerAddress.Parse(address, null)), refused => refused == isRefused, $"{what}: the gateway at {address} refuses: {isRefused}", Everywhere);
            output.WriteLine($"{what}: {address[..address.LastIndexOf('/')]} {(isRefused ? "refused" : "took")} it {Stopwatch.GetElapsedTime(since).TotalMilliseconds:0} ms after the order was taken");
        }
    }

    private static async Task<bool> IsRefusedAsync(CrustNode node, PeerAddress gateway)
    {
        try
        {
            var connection = await node.ConnectToAddressAsync(gateway, TestContext.Current.CancellationToken);
            await connection.CloseAsync();
            return false;
        }
        catch (ConnectException)
        {
            return true;
        }
    }
}
