using System.Net;
using System.Net.Sockets;
using Crust.Identity;
using Crust.Tests.Older.Grains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.Storage;
using StackExchange.Redis;

namespace Crust.Tests.Older;

/// <summary>A silo of the older release with the redis profile: its contracts, its grains and its layout of storage.</summary>
internal static class OlderSilo
{
    private const string ClusterName = "crust";

    internal static async Task<int> RunAsync(string connection, string network)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Error);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(15));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.UseOrleans(silo => Configure(silo, ConfigurationOptions.Parse(connection), NetworkId.FromName(network)));
        using var host = builder.Build();
        await host.StartAsync();
        Console.WriteLine("""{"event":"ready"}""");
        await host.WaitForShutdownAsync();
        return 0;
    }

    private static void Configure(ISiloBuilder silo, ConfigurationOptions redis, NetworkId network)
    {
        silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (ClusterName, ClusterName));
        silo.ConfigureEndpoints(IPAddress.Loopback, FreePort(), FreePort());
        silo.UseRedisClustering(membership => membership.ConfigurationOptions = redis);
        silo.AddRedisGrainStorage(GrainServices.StorageName, options => options.Configure<Serializer>((state, serializer) =>
        {
            state.ConfigurationOptions = redis;
            state.DeleteStateOnClear = true;
            state.GrainStorageSerializer = new OrleansGrainStorageSerializer(serializer);
        }));
        silo.Services.AddCrustGrains(network);
        silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(5));
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = TimeSpan.FromSeconds(2);
            membership.NumMissedProbesLimit = 3;
            membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        });
        // ORLEANSEXP003, "for evaluation only": the release had this directory.
#pragma warning disable ORLEANSEXP003
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
