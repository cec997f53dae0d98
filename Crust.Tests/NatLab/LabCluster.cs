using System.Diagnostics;
using Crust.Tests.Processes;

[assembly: Xunit.AssemblyFixture(typeof(Crust.Tests.NatLab.LabCluster))]

namespace Crust.Tests.NatLab;

/// <summary>
/// A silo and three gateways in the lab's internet, a process each: two on IPv4 addresses of their own (the first has another one for STUN) and one on IPv6, all on TCP port 443. One for all
/// cells of a run, started by the first; thread safe.
/// </summary>
public sealed class LabCluster : IAsyncDisposable
{
    /// <summary>The most that its processes use together in a second while nobody asks them anything.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait for that.</summary>
    private static readonly TimeSpan MaxRest = TimeSpan.FromMinutes(1);

    private readonly List<CrustProcess> _processes = [];
    private readonly Lazy<Task> _started;
    private readonly Lazy<Task> _rested;
    private Internet? _internet;
    private TemporaryFolder? _folder;
    private string _silo = "";

    public LabCluster()
    {
        _started = new Lazy<Task>(StartAsync);
        _rested = new Lazy<Task>(RestAsync);
    }

    /// <summary>The internet it runs in.</summary>
    internal Internet Internet => _internet!;

    /// <summary>The folder of its files, and of the cells' processes.</summary>
    internal TemporaryFolder Folder => _folder!;

    /// <summary>The gateways' addresses, of all of them.</summary>
    internal IReadOnlyList<string> Addresses { get; private set; } = [];

    /// <summary>Ends when it runs.</summary>
    internal Task StartedAsync() => _started.Value;

    /// <summary>Ends when it runs and has come to rest: for seconds after their start its processes compile what they run, on the processors that are measured.</summary>
    internal Task RestedAsync() => _rested.Value;

    /// <summary>Starts a gateway more, which is the caller's own; it says <c>ready</c> in its time. One that is started with the same name and port again has the same address and identity.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">Where it listens.</param>
    internal CrustProcess StartGateway(string name, params string[] options) =>
        CrustProcess.CrustThrough(Folder, On(Internet.Namespace), ["gateway", .. options, "--tcp-port", "443", "--cluster", _silo, "--identity", Folder.PathOf(name), "--json"]);

    /// <summary>How to run a command on a host: the command that becomes it.</summary>
    internal static string[] On(NetworkNamespace host) => [SystemCommand.Find("ip"), "netns", "exec", host.Name];

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
            await process.DisposeAsync();
        _internet?.Dispose();
        _folder?.Dispose();
    }

    private async Task StartAsync()
    {
        _internet = new Internet();
        _folder = new TemporaryFolder();
        var there = On(Internet.Namespace);
        var silo = CrustProcess.SiloThrough(Folder, there, "--connection", Folder.PathOf("silo"), "--silo-port", "0", "--gateway-port", "0", "--http", "0", "--no-gateway", "--json");
        _processes.Add(silo);
        _silo = $"127.0.0.1:{(await silo.EventAsync("ready")).Number("gatewayPort")}";
        string[][] listeners = [["--listen", $"{Internet.First}", "--alternate", $"{Internet.Alternate}"], ["--listen", $"{Internet.Second}"], ["--listen", $"{Internet.First6}"]];
        foreach (var (number, listener) in listeners.Index())
            _processes.Add(StartGateway($"gateway{number}", listener));
        foreach (var gateway in _processes.Skip(1))
            Addresses = [.. Addresses, .. (await gateway.EventAsync("ready")).Addresses];
    }

    private async Task RestAsync()
    {
        await StartedAsync();
        using var seconds = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var began = Stopwatch.GetTimestamp();
        var used = ProcessorTime();
        do
        {
            var before = used;
            await seconds.WaitForNextTickAsync();
            used = ProcessorTime();
            if (used - before < Idle)
                return;
        }
        while (Stopwatch.GetElapsedTime(began) < MaxRest);
    }

    private TimeSpan ProcessorTime() => new(_processes.Sum(p => p.ProcessorTime.Ticks));
}
