using Crust.Client.Membership;
using Crust.Silo.Hosting;
using StackExchange.Redis;

namespace Crust.Silo.Profiles;

/// <summary>Several silos: grain state and membership in Redis, by the official providers and in their layout, on one shared connection.</summary>
internal sealed class RedisProfile(string connection, bool acceptsDataLoss) : ISiloProfile
{
    private readonly ConfigurationOptions _options = RedisServer.Parse(connection);
    private readonly List<string> _warnings = [];
    private ConnectionMultiplexer? _server;

    /// <inheritdoc/>
    public string Name => ClusterProfile.Redis;

    /// <inheritdoc/>
    public string Place => string.Join(',', _options.EndPoints.Select(Text));

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Connects, and refuses a server that may forget what it confirmed, unless that was accepted.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        try
        {
            _server = await ConnectionMultiplexer.ConnectAsync(_options).WaitAsync(cancellationToken);
            await _server.GetDatabase().PingAsync().WaitAsync(cancellationToken);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            throw new SiloStartException($"Redis at {Place} does not answer: {e.Message.Split('\n')[0].TrimEnd()}", e);
        }

        // Asking for settings takes a connection that may do anything, which storage itself had better not have.
        var asking = RedisServer.Parse(connection);
        asking.AllowAdmin = true;
        await using var once = await ConnectionMultiplexer.ConnectAsync(asking).WaitAsync(cancellationToken);
        foreach (var server in once.GetServers().Where(server => server is { IsConnected: true, IsReplica: false }))
            await CheckAsync(server);
    }

    /// <inheritdoc/>
    public void Configure(ISiloBuilder silo, SiloAddresses addresses)
    {
        silo.UseRedisClustering(membership =>
        {
            membership.ConfigurationOptions = _options;
            membership.CreateMultiplexer = _ => Task.FromResult<(IConnectionMultiplexer, bool)>((_server!, true));
        });
        silo.AddGuardedStorage((name, serializer) => silo.AddRedisGrainStorage(name, options => options.Configure<IServiceProvider>((state, services) =>
        {
            state.ConfigurationOptions = _options;
            state.CreateMultiplexer = _ => Task.FromResult<(IConnectionMultiplexer, bool)>((_server!, true));
            state.DeleteStateOnClear = true;
            state.GrainStorageSerializer = serializer(services);
        })));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task CheckAsync(IServer server)
    {
        string? appendOnly = null, eviction = null;
        try
        {
            appendOnly = (await server.ConfigGetAsync("appendonly")).FirstOrDefault().Value;
            eviction = (await server.ConfigGetAsync("maxmemory-policy")).FirstOrDefault().Value;
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // Told below: hosted servers do not let their settings be read.
        }

        var place = Text(server.EndPoint);
        if (appendOnly is null || eviction is null)
            _warnings.Add($"Redis at {place} does not tell its settings: make sure that appendonly is 'yes' and maxmemory-policy 'noeviction', or acknowledged writes may be lost.");
        if (RedisDurability.Complaint(appendOnly, eviction) is not { } complaint)
            return;
        if (!acceptsDataLoss)
            throw new SiloStartException($"Redis at {place} may lose acknowledged writes: {complaint}. Change that, or accept it with --accept-data-loss.");
        _warnings.Add($"Acknowledged writes may be lost: on Redis at {place}, {complaint}.");
    }

    private static string Text(System.Net.EndPoint endPoint) => endPoint is System.Net.DnsEndPoint name ? $"{name.Host}:{name.Port}" : endPoint.ToString()!;
}
