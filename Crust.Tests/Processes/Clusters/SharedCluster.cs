using System.Net.Http.Json;
using System.Text.Json;
using Crust.Client;
using Crust.Tests.Cluster.Servers;
using Xunit;

namespace Crust.Tests.Processes.Clusters;

/// <summary>
/// Three silos on shared storage and two gateways that find them there, a process each, on loopback and random ports; a peer at the second gateway, and 200 in a few processes, whose look-ups and pings go
/// on all the time.
/// </summary>
public abstract class SharedCluster : IAsyncLifetime
{
    private const string Network = "cluster-tests";

    /// <summary>Peers of a process of the crowd, and processes at a gateway.</summary>
    private const int CrowdOfProcess = 50, ProcessesOfGateway = 2;

    private readonly List<CrustProcess> _processes = [];
    private readonly HttpClient _http = new();

    /// <summary>The folder of all of them.</summary>
    public TemporaryFolder Folder { get; } = new();

    /// <summary>The silos that run.</summary>
    public List<CrustProcess> Silos { get; } = [];

    /// <summary>The gateways, those that were killed included.</summary>
    public List<CrustProcess> Gateways { get; } = [];

    /// <summary>The peer's process.</summary>
    public CrustProcess Peer { get; private set; } = null!;

    /// <summary>Many peers, half of them at each gateway at first.</summary>
    public PeerCrowd Crowd { get; private set; } = null!;

    /// <summary>All that are attached: the peer and the crowd.</summary>
    public int Attached => 1 + Crowd.Count;

    internal abstract StorageServer Storage { get; }

    internal abstract string Profile { get; }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (!Storage.IsInstalled)
            return;
        await Storage.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => StartSiloAsync()));
        await StatusAsync(silos: 3);
        await StartGatewayAsync();
        await StatusAsync(gateways: 1);
        await StartGatewayAsync();
        await StatusAsync(gateways: 2);
        Peer = await StartPeerAsync(gateway: 1);
        string[] gateways = [await AddressAsync(0), await AddressAsync(1)];
        Crowd = await PeerCrowd.StartAsync(Folder, Network, CrowdOfProcess, [.. Enumerable.Repeat(gateways, ProcessesOfGateway).SelectMany(g => g)]);
        await StatusAsync(gateways: 2, peers: Attached);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Crowd is not null)
            await Crowd.DisposeAsync();
        foreach (var process in Enumerable.Reverse(_processes))
            await process.DisposeAsync();
        await Storage.DisposeAsync();
        _http.Dispose();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Itself; skips the test when it could not be started for want of its storage.</summary>
    internal SharedCluster Required()
    {
        Storage.Require();
        return this;
    }

    /// <summary>Starts a silo on ports of its own.</summary>
    public async Task<CrustProcess> StartSiloAsync()
    {
        var silo = Keep(CrustProcess.Silo(
            Folder, "--profile", Profile, "--connection", Storage.Connection, "--network", Network, "--silo-port", "0", "--gateway-port", "0", "--http", "0", "--json"));
        await silo.EventAsync("ready");
        lock (Silos)
            Silos.Add(silo);
        return silo;
    }

    /// <summary>Starts another gateway, which finds the silos in the membership.</summary>
    public async Task<CrustProcess> StartGatewayAsync()
    {
        var gateway = Keep(CrustProcess.Crust(
            Folder, "gateway", "--listen", "127.0.0.1", "--profile", Profile, "--connection", Storage.Connection, "--network", Network,
            "--identity", Folder.PathOf($"gateway{Gateways.Count}"), "--json"));
        await gateway.EventAsync("ready");
        Gateways.Add(gateway);
        return gateway;
    }

    /// <summary>Starts a peer that attaches to a gateway; ready when attached.</summary>
    public async Task<CrustProcess> StartPeerAsync(int gateway)
    {
        var peer = Keep(CrustProcess.Crust(
            Folder, "node", "--listen", "127.0.0.1", "--network", Network, "--bootstrap", await AddressAsync(gateway), "--identity", Folder.PathOf($"peer{_processes.Count}"), "--json"));
        await peer.EventAsync("ready");
        return peer;
    }

    /// <summary>Starts a ping of the peer through a gateway, ten a second.</summary>
    public async Task<CrustProcess> PingAsync(int gateway, int count, string path = "any") => Keep(CrustProcess.Crust(
        Folder, "ping", (await Peer.EventAsync("ready")).Text("peer"), "--network", Network, "--bootstrap", await AddressAsync(gateway), "--count", $"{count}", "--interval", "0.1", "--path", path, "--json"));

    /// <summary>Starts a process of peers at a gateway that load nothing.</summary>
    public async Task<CrustProcess> StartBystandersAsync(int gateway, int count)
    {
        var bystanders = Keep(CrustProcess.PeerHost(Folder, $"{count}", Network, await AddressAsync(gateway)));
        await bystanders.EventAsync("ready");
        return bystanders;
    }

    /// <summary>A service's client, which finds the silos in the membership too.</summary>
    public CrustClusterClient Connect() => new(new CrustClientOptions { Network = Network, Profile = Profile, Connection = Storage.Connection });

    /// <summary>What the status page of a silo that runs says, once it says so many of each.</summary>
    public Task<JsonElement> StatusAsync(int? silos = null, int? gateways = null, int? peers = null, TimeSpan? deadline = null) => Eventually.HoldsAsync(
        async () => await _http.GetFromJsonAsync<JsonElement>(new Uri(new Uri((await Silos[^1].EventAsync("ready")).Text("status")), "status.json")),
        status => (silos ?? status.GetProperty("silos").GetInt32()) == status.GetProperty("silos").GetInt32()
            && (gateways ?? status.GetProperty("gateways").GetArrayLength()) == status.GetProperty("gateways").GetArrayLength()
            && (peers ?? status.GetProperty("peersAttached").GetInt32()) == status.GetProperty("peersAttached").GetInt32(),
        $"{silos} silos, {gateways} gateways and {peers} peers", deadline ?? TimeSpan.FromSeconds(60));

    private async Task<string> AddressAsync(int gateway) => (await Gateways[gateway].EventAsync("ready")).Address;

    private CrustProcess Keep(CrustProcess process)
    {
        lock (_processes)
            _processes.Add(process);
        return process;
    }
}
