using Crust.Grains;
using Crust.Identity;
using Crust.Silo.Storage;
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
            new OrleansGrainStorageSerializer(services.GetRequiredService<Serializer>()),
            services.GetRequiredService<IActivatorProvider>(),
            services.GetRequiredService<TimeProvider>().GetUtcNow()));
        silo.Services.AddGrainStorage(GrainServices.StorageName, (services, _) => services.GetRequiredService<SqliteGrainStorage>());
        return silo;
    }
}
