using Crust.Grains;
using Crust.Client.Tls;
using Crust.Identity;
using Crust.Silo.Storage;
using Orleans.Connections.Security;
using Orleans.Configuration;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace Crust.Silo.Hosting;

/// <summary>What every Crust silo has, whatever its profile, and what the embedded profile adds.</summary>
internal static class CrustSiloExtensions
{
    /// <summary>The cluster's and service's name for Orleans, where none is configured.</summary>
    internal const string ClusterName = "crust";

    /// <summary>The grains of a network, the grain directory and the failover times.</summary>
    internal static ISiloBuilder AddCrust(this ISiloBuilder silo, NetworkId network, IReadOnlyCollection<PeerId>? operators = null, bool acceptUnprovenGateways = false)
    {
        silo.Services.AddCrustGrains(network, operators, acceptUnprovenGateways);
        silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(5));
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = TimeSpan.FromSeconds(2);
            membership.NumMissedProbesLimit = 3;
            // After the death of all silos, the next ones join once the dead ones' last signs of life are three periods old.
            membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        });
        // ORLEANSEXP003, "for evaluation only": the default directory keeps each grain's place on one silo, and when that one died, grains that lived on
        // surviving silos lost their place and so their state. The distributed directory re-partitions and recovers it.
#pragma warning disable ORLEANSEXP003
        return silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
    }

    /// <summary>Keeps peers' records in a database that is open already. The host disposes of it.</summary>
    internal static ISiloBuilder AddSqliteStorage(this ISiloBuilder silo, SqliteDatabase database)
    {
        silo.Services.AddSingleton(services => new SqliteGrainStorage(
            database,
            Serializer(services),
            services.GetRequiredService<IActivatorProvider>(),
            services.GetRequiredService<TimeProvider>().GetUtcNow()));
        silo.Services.AddSingleton<IStorageStatus>(services => services.GetRequiredService<SqliteGrainStorage>());
        silo.Services.AddGrainStorage(GrainServices.StorageName, (services, _) => services.GetRequiredService<SqliteGrainStorage>());
        return silo;
    }

    /// <summary>Keeps peers' records in storage over a network.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="addProvider">Adds the provider under the name it is given, with a serializer for its options.</param>
    internal static ISiloBuilder AddGuardedStorage(this ISiloBuilder silo, Action<string, Func<IServiceProvider, IGrainStorageSerializer>> addProvider)
    {
        const string Provider = GrainServices.StorageName + "-provider";
        addProvider(Provider, Serializer);
        silo.Services.AddSingleton(services => new GuardedGrainStorage(
            services.GetRequiredKeyedService<IGrainStorage>(Provider), Serializer(services), services.GetRequiredService<TimeProvider>()));
        silo.Services.AddSingleton<IStorageStatus>(services => services.GetRequiredService<GuardedGrainStorage>());
        silo.Services.AddGrainStorage(GrainServices.StorageName, (services, _) => services.GetRequiredService<GuardedGrainStorage>());
        return silo;
    }

    /// <summary>Mutual TLS on all links of the silo.</summary>
    internal static ISiloBuilder AddTls(this ISiloBuilder silo, ClusterCertificates certificates) => silo.Configure<SiloConnectionOptions>(links =>
    {
        links.ConfigureSiloInboundConnection(link =>
        {
            certificates.Logger = link.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger<ClusterCertificates>();
            link.UseServerTls(ClusterTls.FromSilo(certificates));
        });
        links.ConfigureSiloOutboundConnection(link => link.UseClientTls(ClusterTls.ToSilo(certificates)));
        links.ConfigureGatewayInboundConnection(link => link.UseServerTls(ClusterTls.FromClient(certificates)));
    });

    private static BoundedSerializer Serializer(IServiceProvider services) => new(new OrleansGrainStorageSerializer(services.GetRequiredService<Serializer>()));
}
