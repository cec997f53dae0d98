using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Crust.Client;
using Crust.Client.Membership;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes.Clusters;

/// <summary>
/// A roll from the older release's contracts (<c>Crust.Tests.Older</c>) to today's, on real processes and Redis: silos one after the other, then gateways, then services, while services and a gateway of the
/// older release and a service of today's load the cluster.
/// </summary>
[Collection(Alone.Name)]
[Trait("speed", "slow")]
public sealed class OlderContractTests(ITestOutputHelper output) : IAsyncDisposable
{
    private const string Network = "cluster-tests";

    private const int Silos = 2;

    private readonly TemporaryFolder _folder = new();
    private readonly Crust.Tests.Cluster.Servers.RedisServer _storage = new();
    private readonly List<CrustProcess> _processes = [];
    private readonly HttpClient _http = new();

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
            await process.DisposeAsync();
        await _storage.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task SilosRolledUnderLoad_FailNoRequest_OfOlderOrOfTodaysCallers()
    {
        _storage.Require();
        await _storage.StartAsync();
        var older = new Queue<CrustProcess>();
        for (var i = 0; i < Silos; i++)
            older.Enqueue(Keep(CrustProcess.Older(_folder, "silo", _storage.Connection, Network)));
        foreach (var silo in older)
            await silo.EventAsync("ready");
        var callers = Keep(CrustProcess.Older(_folder, "client", _storage.Connection, Network));
        await callers.EventAsync("ready");
        await using var client = new CrustClusterClient(new CrustClientOptions { Network = Network, Profile = ClusterProfile.Redis, Connection = _storage.Connection });
        await client.WaitUntilConnectedAsync(CancellationToken.None).WaitAsync(Eventually.Soon);
        await using var load = new ClusterLoad(client);
        await Eventually.HoldsAsync(() => load.Acknowledged.Count > 50, "today's service is served by older silos", TimeSpan.FromSeconds(60));
        await Eventually.HoldsAsync(() => ReportAsync(callers), report => Answered(report, "find") > 20 && report.GetProperty("delivered").GetInt32() > 5, "older callers are served", TimeSpan.FromSeconds(60));

        var begun = Stopwatch.GetTimestamp();
        CrustProcess today = null!;
        for (var left = Silos; left > 0; left--)
        {
            today = Keep(CrustProcess.Silo(
                _folder, "--profile", ClusterProfile.Redis, "--connection", _storage.Connection, "--network", Network, "--silo-port", "0", "--gateway-port", "0", "--http", "0", "--accept-unproven-gateways",
                "--json"));
            await WaitForSilosAsync(today, Silos + 1);
            var old = older.Dequeue();
            await old.TerminateAsync();
            (await old.ExitAsync()).Should().Be(0, old.ToString());
            await WaitForSilosAsync(today, Silos);
            var (before, acknowledged) = (Answered(await ReportAsync(callers), "find"), load.Acknowledged.Count);
            await Eventually.HoldsAsync(() => ReportAsync(callers), report => Answered(report, "find") > before + 20, "older callers are served as before", TimeSpan.FromSeconds(60));
            await Eventually.HoldsAsync(() => load.Acknowledged.Count > acknowledged + 50, "and so is today's");
        }

        // Then gateways: one of today's beside the older one, and peers that find each other through it.
        var gateway = await ReadyAsync(CrustProcess.Crust(
            _folder, "gateway", "--listen", "127.0.0.1", "--profile", ClusterProfile.Redis, "--connection", _storage.Connection, "--network", Network, "--identity", _folder.PathOf("gateway"), "--json"));
        var peer = await ReadyAsync(CrustProcess.Crust(_folder, "node", "--listen", "127.0.0.1", "--network", Network, "--bootstrap", gateway.Address, "--identity", _folder.PathOf("peer"), "--json"));
        var ping = Keep(CrustProcess.Crust(_folder, "ping", peer.Text("peer"), "--network", Network, "--bootstrap", gateway.Address, "--count", "3", "--interval", "0.1", "--json"));
        (await ping.ExitAsync()).Should().Be(0, ping.ToString());

        await load.StopAsync();
        await callers.SayAsync("end");
        var end = await Eventually.HoldsAsync(() => ReportAsync(callers), report => Answered(report, "kept") > 0, "what was acknowledged is looked up", TimeSpan.FromSeconds(60));
        output.WriteLine($"{Silos} older silos were replaced in {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s; today's service: {load.Succeeded} answered, {load.Unanswered(0)} failed {load.Failures(begun)}; older callers: {end.GetProperty("answered")}, failed: {end.GetProperty("failures")}");
        end.GetProperty("failures").EnumerateArray().Should().BeEmpty();
        Answered(end, "kept").Should().Be(Answered(end, "register"), "nothing that older silos acknowledged is lost");
        load.Unanswered(0).Should().Be(0);
        load.Refused(0).Should().Be(0);
        foreach (var (known, record) in load.Acknowledged)
            (await client.GetRecordAsync(known, CancellationToken.None)).Value.Should().Equal(record);
        foreach (var text in end.GetProperty("records").EnumerateArray())
        {
            var record = Convert.FromHexString(text.GetString()!);
            PeerRecord.TryVerify(record, client.Network, out var verified).Should().BeTrue();
            (await client.GetRecordAsync(verified!.Peer, CancellationToken.None)).Value.Should().Equal(record, "today's service reads what an older one wrote");
        }
    }

    private static int Answered(JsonElement report, string kind) => report.GetProperty("answered").TryGetProperty(kind, out var count) ? count.GetInt32() : 0;

    private static async Task<JsonElement> ReportAsync(CrustProcess callers)
    {
        var known = callers.Events.Count(e => e.Name == "report");
        await callers.SayAsync("report");
        await Eventually.HoldsAsync(() => callers.Events.Count(e => e.Name == "report") > known, "it reports");
        return callers.Events.Last(e => e.Name == "report").Body;
    }

    private async Task WaitForSilosAsync(CrustProcess silo, int count)
    {
        var page = new Uri(new Uri((await silo.EventAsync("ready")).Text("status")), "status.json");
        await Eventually.HoldsAsync(
            () => _http.GetFromJsonAsync<JsonElement>(page, TestContext.Current.CancellationToken), status => status.GetProperty("silos").GetInt32() == count, $"{count} silos", TimeSpan.FromSeconds(60));
    }

    private Task<ProcessEvent> ReadyAsync(CrustProcess process) => Keep(process).EventAsync("ready");

    private CrustProcess Keep(CrustProcess process)
    {
        _processes.Add(process);
        return process;
    }
}
