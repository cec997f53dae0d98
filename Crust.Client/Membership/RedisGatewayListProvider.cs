using System.Net;
using System.Text.Json;
using Orleans.Messaging;
using Orleans.Runtime;
using StackExchange.Redis;

namespace Crust.Client.Membership;

/// <summary>
/// Finds silos in the membership hash of the redis profile. It only reads (the official provider writes the table's version), so that a gateway's Redis
/// user needs no more than <c>HGETALL</c> on one key.
/// </summary>
/// <param name="connection">As the silos were given it.</param>
/// <param name="serviceId">Orleans' name of the service.</param>
/// <param name="clusterId">Orleans' name of the cluster.</param>
/// <param name="refreshPeriod">How old the list may be.</param>
internal sealed class RedisGatewayListProvider(string connection, string serviceId, string clusterId, TimeSpan refreshPeriod) : IGatewayListProvider, IAsyncDisposable
{
    private readonly RedisKey _key = RedisServer.MembershipKey(serviceId, clusterId);
    private ConnectionMultiplexer? _server;

    /// <inheritdoc/>
    public TimeSpan MaxStaleness => refreshPeriod;

    /// <inheritdoc/>
    public bool IsUpdatable => true;

    /// <inheritdoc/>
    public async Task InitializeGatewayListProvider() =>
        _server ??= await ConnectionMultiplexer.ConnectAsync(RedisServer.Parse(connection)).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IList<Uri>> GetGateways()
    {
        await InitializeGatewayListProvider().ConfigureAwait(false);
        var found = new List<Uri>();
        foreach (var field in await _server!.GetDatabase().HashGetAllAsync(_key).ConfigureAwait(false))
        {
            if (TryRead(field.Value.ToString()) is { } gateway)
                found.Add(gateway);
        }

        return found;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>A silo's entry as Orleans writes it; null for the version's field and for silos that are not active or have no gateway.</summary>
    private static Uri? TryRead(string json)
    {
        if (!json.StartsWith('{'))
            return null;
        try
        {
            using var entry = JsonDocument.Parse(json);
            var root = entry.RootElement;
            if (root.GetProperty("Status").GetInt32() != (int)SiloStatus.Active || root.GetProperty("ProxyPort").GetInt32() is not (> 0 and <= IPEndPoint.MaxPort and var port))
                return null;
            var silo = SiloAddress.FromParsableString(root.GetProperty("SiloAddress").GetProperty("SiloAddress").GetString()!);
            return GatewayAddress.Of(new IPEndPoint(silo.Endpoint.Address, port), silo.Generation);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
