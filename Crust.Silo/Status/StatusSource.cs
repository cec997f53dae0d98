using System.Reflection;
using Crust.Client;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Silo.Storage;

namespace Crust.Silo.Status;

/// <summary>Gathers the status. One answer serves all askers of a second, so that a page left open in many browsers costs the cluster nothing.</summary>
internal sealed class StatusSource(
    StatusSource.Silo silo, IGrainFactory grains, ISiloStatusOracle silos, IStorageStatus storage, TimeProvider timeProvider, ILoggerFactory loggerFactory) : IDisposable
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    private static readonly string Version =
        typeof(StatusSource).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    private readonly CrustClusterClient _client = new(grains, silo.NetworkId, loggerFactory, timeProvider, TimeSpan.FromSeconds(2.5));
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly long _started = timeProvider.GetTimestamp();
    private ClusterStatus? _last;
    private long _taken;

    internal async Task<ClusterStatus> GetAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_last is null || timeProvider.GetElapsedTime(_taken) >= Age)
            {
                _last = await GatherAsync(cancellationToken);
                _taken = timeProvider.GetTimestamp();
            }

            return _last;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async Task<ClusterStatus> GatherAsync(CancellationToken cancellationToken)
    {
        var reply = await _client.ListGatewaysAsync(cancellationToken);
        var isAnswered = reply.TryGet(out var directory);
        directory ??= GatewayDirectorySnapshot.Empty;
        await storage.ProbeAsync();
        var fault = storage.Fault;
        var now = timeProvider.GetUtcNow();
        return new ClusterStatus(
            isAnswered && fault is null,
            Version,
            silo.NetworkName,
            (long)timeProvider.GetElapsedTime(_started).TotalSeconds,
            directory.AttachedPeers,
            silo.Profile,
            silos.GetApproximateSiloStatuses(onlyActive: true).Count,
            storage.Count,
            fault ?? "ok",
            isAnswered ? "ok" : "the gateway directory does not answer",
            Array.ConvertAll(directory.Gateways, gateway => ToStatus(gateway, now)));
    }

    private static GatewayStatus ToStatus(GatewayEntry gateway, DateTimeOffset now) => new(
        gateway.Gateway.ToString(),
        gateway.Heartbeat.Addresses,
        gateway.Heartbeat.Region,
        gateway.Heartbeat.AttachedPeers,
        gateway.Heartbeat.Draining,
        Math.Round(Math.Max(0, (now - gateway.LastHeard).TotalSeconds), 1));

    /// <summary>Which silo tells.</summary>
    internal sealed record Silo(NetworkId NetworkId, string NetworkName, string Profile);
}
