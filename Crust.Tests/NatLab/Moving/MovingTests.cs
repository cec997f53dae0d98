using System.Globalization;
using Crust.Identity;
using Crust.Tests.Processes;
using FluentAssertions;
using Xunit;
using static Crust.Tests.NatLab.RouterKind;

namespace Crust.Tests.NatLab.Moving;

/// <summary>
/// Numbered messages in both directions between two peers behind routers, while the network changes under them: none is lost, none comes twice, none is overtaken, in one session.
/// 10,000 a second each way with <c>CRUST_FULL=1</c>, which also insists on what is promised of the longest gap; 2,000 otherwise.
/// </summary>
[Trait("speed", "slow")]
public sealed class MovingTests(LabCluster cluster, ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly bool IsFull = Environment.GetEnvironmentVariable("CRUST_FULL") == "1";

    /// <summary>Tells what the peers logged.</summary>
    private static readonly bool IsVerbose = Environment.GetEnvironmentVariable(NumberedPeer.VerboseVariable) is not null;

    private static readonly int Rate = IsFull ? 10_000 : 2_000;

    /// <summary>What is promised of the longest gap.</summary>
    private static readonly TimeSpan PathLoss = TimeSpan.FromSeconds(3), GatewayKill = TimeSpan.FromSeconds(5);

    private const string Beginning = "the beginning";

    /// <summary>How long messages may stay away before the test gives up: a session without a link lives for 120 s.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly List<CrustProcess> _processes = [];
    private IReadOnlyList<string> _preferred = [];

    public async ValueTask InitializeAsync()
    {
        Lab.Require("nft", "conntrack");
        await cluster.StartedAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
        {
            await process.DisposeAsync();
            if (IsVerbose)
                output.WriteLine($"{process}");
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task ASideWhoseAddressChanges_LosesNothing()
    {
        using var here = new Site(cluster.Internet, new SiteOptions(PortRestricted));
        using var there = new Site(cluster.Internet, new SiteOptions(FullCone));
        var (caller, callee) = await MeetAsync(here, there, PathPolicy.Any);
        await DirectAsync(caller, since: 0);
        await JudgeGapsAsync(caller, callee, Beginning, PathLoss);

        var before = caller.Events.Count;
        ChangeAddress(here, "192.168.1.10", "192.168.1.77");

        await FlowsAsync(caller, callee);
        await DirectAsync(caller, before);
        await JudgeGapsAsync(caller, callee, "an address changes", PathLoss);
        await JudgeAsync(caller, callee);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ANatThatForgetsItsMappings_CostsNothing(bool swallows)
    {
        using var here = new Site(cluster.Internet, new SiteOptions(PortRestricted));
        using var there = new Site(cluster.Internet, new SiteOptions(PortRestricted));
        var (caller, callee) = await MeetAsync(here, there, PathPolicy.Any);
        await DirectAsync(caller, since: 0);
        await JudgeGapsAsync(caller, callee, Beginning, PathLoss);

        // Its next packet out gets another port: whoever filters by port does not let it in.
        var refused = there.Refused();
        here.Forget(swallows);

        await FlowsAsync(caller, callee);
        there.Refused().Should().BeGreaterThan(refused, "the other router sees another port");
        await JudgeGapsAsync(caller, callee, swallows ? "a NAT forgets, and resets nothing" : "a NAT forgets its mappings", PathLoss);
        await JudgeAsync(caller, callee);
    }

    [Fact]
    public async Task AGatewayThatIsKilled_LosesNothingOfWhatItRelays()
    {
        using var here = new Site(cluster.Internet, new SiteOptions(Symmetric));
        using var there = new Site(cluster.Internet, new SiteOptions(Symmetric));
        var gateway = await StartGatewayAsync();
        var (caller, callee) = await MeetAsync(here, there, PathPolicy.RelayOnly);
        await JudgeGapsAsync(caller, callee, Beginning, PathLoss);

        await gateway.KillAsync();

        await FlowsAsync(caller, callee);
        await JudgeGapsAsync(caller, callee, "the gateway that relays is killed", GatewayKill);
        await StartGatewayAsync();
        await FlowsAsync(caller, callee);
        await JudgeGapsAsync(caller, callee, "the gateway is back", PathLoss);
        await JudgeAsync(caller, callee);
    }

    [Fact]
    public async Task OneSession_OutlivesItAll()
    {
        using var here = new Site(cluster.Internet, new SiteOptions(PortRestricted));
        using var there = new Site(cluster.Internet, new SiteOptions(PortRestricted));
        var gateway = await StartGatewayAsync();
        var (caller, callee) = await MeetAsync(here, there, PathPolicy.Any);
        await DirectAsync(caller, since: 0);
        await JudgeGapsAsync(caller, callee, Beginning, PathLoss);

        await ThroughAsync("an address changes", PathLoss, () => ChangeAddress(here, "192.168.1.10", "192.168.1.77"));
        await ThroughAsync("the other side's NAT forgets its mappings", PathLoss, () => there.Forget());
        await gateway.KillAsync();
        await FlowsAsync(caller, callee);
        await JudgeGapsAsync(caller, callee, "the gateway is killed", GatewayKill);
        await StartGatewayAsync();
        await ThroughAsync("the address changes back", PathLoss, () => ChangeAddress(here, "192.168.1.77", "192.168.1.10"));
        await JudgeAsync(caller, callee);

        async Task ThroughAsync(string fault, TimeSpan promised, Action happens)
        {
            var before = caller.Events.Count;
            happens();
            await FlowsAsync(caller, callee);
            await DirectAsync(caller, before);
            await JudgeGapsAsync(caller, callee, fault, promised);
        }
    }

    [Fact]
    public async Task AFloodedGateway_RelaysOn()
    {
        using var here = new Site(cluster.Internet, new SiteOptions(PortRestricted));
        using var there = new Site(cluster.Internet, new SiteOptions(PortRestricted));
        using var stranger = new Site(cluster.Internet, new SiteOptions(None));
        var (caller, callee) = await MeetAsync(here, there, PathPolicy.RelayOnly);
        (await caller.EventAsync("path")).Text("path").Should().Be("relayed");
        var gateways = cluster.Addresses.Select(a => PeerAddress.Parse(a, null)).Where(a => a.EndPoint.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork).ToList();

        using (var flood = new Flood(
            stranger.Hosts[0], [.. gateways.Where(g => g.Transport == TransportKind.Tcp).Select(g => g.EndPoint)], [.. gateways.Where(g => g.Transport == TransportKind.Utp).Select(g => g.EndPoint)]))
        {
            var start = Received(callee);
            await Eventually.HoldsAsync(() => flood.Connections > 2_000 && Received(callee) > start + (2 * Rate), "the flood comes, and messages beside it", TimeSpan.FromMinutes(1));
            output.WriteLine($"{flood.Connections} connections, {flood.Datagrams} datagrams");
        }

        await FlowsAsync(caller, callee);
        await JudgeGapsAsync(caller, callee, "the gateway is flooded", PathLoss);
        await JudgeAsync(caller, callee);
    }

    private async Task<(CrustProcess Caller, CrustProcess Callee)> MeetAsync(Site here, Site there, PathPolicy paths)
    {
        var callee = Start(there, paths, "-");
        var caller = Start(here, paths, (await callee.EventAsync("ready")).Text("peer"));
        await caller.EventAsync("path");
        await FlowsAsync(caller, callee);
        return (caller, callee);
    }

    private CrustProcess Start(Site site, PathPolicy paths, string peer)
    {
        var process = CrustProcess.NumberedPeerThrough(_folder, LabCluster.On(site.Hosts[0]), [$"{Rate}", $"{paths}", peer, .. _preferred, .. cluster.Addresses]);
        _processes.Add(process);
        return process;
    }

    private static Task DirectAsync(CrustProcess peer, int since) =>
        HoldsAsync(() => peer.Events.Skip(since).LastOrDefault(e => e.Name == "path") is { } path && path.Text("path") != "relayed", "the path is direct", TimeSpan.FromSeconds(45), peer);

    /// <summary>Waits; a failure tells all that the processes said until then.</summary>
    private static async Task HoldsAsync(Func<bool> condition, string because, TimeSpan patience, params CrustProcess[] processes)
    {
        try
        {
            await Eventually.HoldsAsync(condition, because, patience);
        }
        catch (Exception e)
        {
            throw new TimeoutException($"Not so: {because}. {string.Join('\n', processes.AsEnumerable())}", e);
        }
    }

    /// <summary>Ends when what each sent after the call has come to the other.</summary>
    private static async Task FlowsAsync(CrustProcess caller, CrustProcess callee)
    {
        foreach (var (from, to) in new[] { (caller, callee), (callee, caller) })
        {
            var mark = Sent(from) + Rate;
            await HoldsAsync(() => Received(to) > mark, "messages come through", Patience, from, to);
        }
    }

    private static void ChangeAddress(Site site, string from, string to) =>
        site.Hosts[0].IpBatch($"address del {from}/24 dev eth0\naddress add {to}/24 dev eth0\nroute add default via 192.168.1.1\n");

    /// <summary>The gateway that both peers prefer and a test may kill; each time the same.</summary>
    private async Task<CrustProcess> StartGatewayAsync()
    {
        var gateway = cluster.StartGateway("mortal", "--listen", $"{Internet.Third}");
        _processes.Add(gateway);
        _preferred = (await gateway.EventAsync("ready")).Addresses;
        return gateway;
    }

    /// <summary>Tells the longest gap since it was told last.</summary>
    /// <param name="caller">One side.</param>
    /// <param name="callee">The other.</param>
    /// <param name="when">What happened meanwhile.</param>
    /// <param name="promised">The promise, which <c>CRUST_FULL=1</c> insists on; three times as long may pass otherwise.</param>
    private async Task JudgeGapsAsync(CrustProcess caller, CrustProcess callee, string when, TimeSpan promised)
    {
        foreach (var (name, peer) in new[] { ("caller", caller), ("callee", callee) })
        {
            var told = Gaps(peer).Count;
            await peer.SayAsync("gap");
            await HoldsAsync(() => Gaps(peer).Count > told, "the gap is told", Patience, peer);
            var gap = TimeSpan.FromMilliseconds(Gaps(peer)[^1].Body.GetProperty("ms").GetDouble());
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{when}: longest gap at the {name} {gap.TotalMilliseconds:0} ms"));
            gap.Should().BeLessThan(IsFull ? promised : promised * 3, when);
        }
    }

    private async Task JudgeAsync(CrustProcess caller, CrustProcess callee)
    {
        await caller.SayAsync("end");
        await callee.SayAsync("end");
        foreach (var (peer, other) in new[] { (caller, callee), (callee, caller) })
        {
            var (done, sent) = (await peer.EventAsync("done"), await other.EventAsync("done"));
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{done.Number("received")} of {sent.Number("sent")} messages came, {done.Number("outOfTurn")} out of turn, paths {string.Join(" → ", peer.Events.Where(e => e.Name == "path").Select(e => e.Text("path")))}"));
            done.Number("received").Should().Be(sent.Number("sent"), Promise.OnceAndInOrder);
            done.Number("outOfTurn").Should().Be(0, Promise.OnceAndInOrder);
            done.Number("sessions").Should().Be(1);
            peer.Events.Should().NotContain(e => e.Name == "failed");
        }
    }

    private static List<ProcessEvent> Gaps(CrustProcess peer) => [.. peer.Events.Where(e => e.Name == "gap")];

    private static long Received(CrustProcess peer) => peer.Events.LastOrDefault(e => e.Name == "flow")?.Body.GetProperty("received").GetInt64() ?? 0;

    private static long Sent(CrustProcess peer) => peer.Events.LastOrDefault(e => e.Name == "flow")?.Body.GetProperty("sent").GetInt64() ?? 0;
}
