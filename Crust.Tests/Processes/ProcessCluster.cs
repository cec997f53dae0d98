using System.Net.Http.Json;
using System.Text.Json;
using Crust.Identity.Driver;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary>A silo, two gateways and a peer attached to the second gateway: a process each, on loopback and random ports; with an operator, whose key is in the folder.</summary>
public sealed class ProcessCluster : IAsyncLifetime
{
    private readonly List<CrustProcess> _processes = [];
    private readonly HttpClient _http = new();
    private ProcessEvent _siloReady = null!;

    /// <summary>The folder of all of them.</summary>
    public TemporaryFolder Folder { get; } = new();

    /// <summary>The silo that runs, or ran last.</summary>
    public CrustProcess Silo { get; private set; } = null!;

    /// <summary>Both gateways.</summary>
    public IReadOnlyList<CrustProcess> Gateways { get; private set; } = [];

    /// <summary>Where to reach each of them.</summary>
    public IReadOnlyList<string> GatewayAddresses { get; private set; } = [];

    /// <summary>The peer's process.</summary>
    public CrustProcess Peer { get; private set; } = null!;

    /// <summary>The peer's id.</summary>
    public string PeerId { get; private set; } = "";

    /// <summary>The operator's id.</summary>
    public string OperatorId { get; private set; } = "";

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        using (var key = IdentityFile.Create(Folder.PathOf("operator")))
            OperatorId = key.Id.ToString();
        await StartSiloAsync();
        for (var i = 1; i <= 2; i++)
        {
            var gateway = Crust(
                "gateway", "--listen", "127.0.0.1", "--cluster", Cluster, "--operator", OperatorId, "--identity", Folder.PathOf($"gateway{i}"), "--json");
            Gateways = [.. Gateways, gateway];
            GatewayAddresses = [.. GatewayAddresses, (await gateway.EventAsync("ready")).Address];
            // One after the other: when the directory lists the second, that one has been told of the first, and tells its peers.
            await StatusAsync(gateways: i);
        }

        Peer = Crust("node", "--listen", "127.0.0.1", "--bootstrap", GatewayAddresses[1], "--identity", Folder.PathOf("peer"), "--json");
        PeerId = (await Peer.EventAsync("ready")).Text("peer");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
            await process.DisposeAsync();
        _http.Dispose();
        Folder.Dispose();
    }

    /// <summary>Starts a silo on the ports and data of the one before; its <c>ready</c>.</summary>
    public async Task<ProcessEvent> StartSiloAsync()
    {
        string Port(string name) => _siloReady is null ? "0" : $"{_siloReady.Number(name)}";
        Silo = CrustProcess.Silo(
            Folder, "--connection", Folder.PathOf("silo"), "--silo-port", Port("siloPort"), "--gateway-port", Port("gatewayPort"), "--http", Port("httpPort"), "--operator", OperatorId,
            "--no-gateway", "--json");
        _processes.Add(Silo);
        return _siloReady = await Silo.EventAsync("ready");
    }

    /// <summary>Starts the <c>crust</c> command; the cluster ends it.</summary>
    public CrustProcess Crust(params string[] arguments)
    {
        var process = CrustProcess.Crust(Folder, arguments);
        _processes.Add(process);
        return process;
    }

    /// <summary>Where the silo's Orleans gateway is.</summary>
    public string Cluster => $"127.0.0.1:{_siloReady.Number("gatewayPort")}";

    /// <summary>The id of a gateway, 0 or 1.</summary>
    public async Task<string> GatewayIdAsync(int gateway) => (await Gateways[gateway].EventAsync("ready")).Text("peer");

    /// <summary>Runs <c>crust admin</c> with the cluster's address, and for an order the operator's key; its events, when it has ended well.</summary>
    public async Task<IReadOnlyList<ProcessEvent>> AdminAsync(params string[] arguments)
    {
        string[] key = arguments[0] is "list" or "audit" ? [] : ["--identity", Folder.PathOf("operator")];
        await using var admin = CrustProcess.Crust(Folder, ["admin", .. arguments, "--cluster", Cluster, .. key, "--json"]);
        if (await admin.ExitAsync() != 0)
            throw new InvalidOperationException($"It failed: {admin}");
        return admin.Events;
    }

    /// <summary>Starts a ping of the peer through a gateway, 0 or 1.</summary>
    public CrustProcess Ping(int gateway, int count) =>
        Crust("ping", PeerId, "--bootstrap", GatewayAddresses[gateway], "--count", $"{count}", "--interval", "0.1", "--json");

    /// <summary>What the silo's <c>/status.json</c> says, once it names so many gateways and attached peers.</summary>
    public Task<JsonElement> StatusAsync(int? gateways = null, int? peers = null) => Eventually.HoldsAsync(
        () => _http.GetFromJsonAsync<JsonElement>(new Uri(new Uri(_siloReady.Text("status")), "status.json")),
        status => (gateways is null || status.GetProperty("gateways").GetArrayLength() == gateways) && (peers is null || status.GetProperty("peersAttached").GetInt32() == peers),
        $"{gateways} gateways and {peers} peers", TimeSpan.FromSeconds(60));
}
