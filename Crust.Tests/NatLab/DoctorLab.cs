using Crust.Tests.Processes;

namespace Crust.Tests.NatLab;

/// <summary>
/// The lab's internet with two gateways, one of IPv4 and one of IPv6, each with a second address for STUN. There is no cluster: gateways serve without. Started by
/// the first test that needs it; thread safe.
/// </summary>
public sealed class DoctorLab : IAsyncDisposable
{
    private readonly Lazy<Task> _started;
    private readonly List<CrustProcess> _gateways = [];
    private Internet? _internet;
    private TemporaryFolder? _folder;

    public DoctorLab() => _started = new Lazy<Task>(StartAsync);

    internal Internet Internet => _internet!;

    /// <summary>The addresses of both gateways.</summary>
    internal IReadOnlyList<string> Addresses { get; private set; } = [];

    internal Task StartedAsync() => _started.Value;

    /// <summary>Runs <c>crust doctor</c> on a host to its end; all that it tells, and its exit code.</summary>
    internal async Task<(int Code, IReadOnlyList<ProcessEvent> Events, string Story)> DoctorAsync(NetworkNamespace host)
    {
        using var folder = new TemporaryFolder();
        await using var doctor = CrustProcess.CrustThrough(folder, LabCluster.On(host), ["doctor", .. Addresses.SelectMany(a => new[] { "--bootstrap", a }), "--json"]);
        var code = await doctor.ExitAsync();
        return (code, doctor.Events, doctor.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways)
            await gateway.DisposeAsync();
        _internet?.Dispose();
        _folder?.Dispose();
    }

    private async Task StartAsync()
    {
        _internet = new Internet();
        _folder = new TemporaryFolder();
        foreach (var (first, second) in new[] { (Internet.First, Internet.Second), (Internet.First6, Internet.Second6) })
        {
            var gateway = CrustProcess.CrustThrough(
                _folder, LabCluster.On(Internet.Namespace),
                ["gateway", "--listen", $"{first}", "--alternate", $"{second}", "--cluster", "127.0.0.1:1", "--identity", _folder.PathOf($"gateway{_gateways.Count}"), "--json"]);
            _gateways.Add(gateway);
            Addresses = [.. Addresses, .. (await gateway.EventAsync("ready")).Addresses];
        }
    }
}
