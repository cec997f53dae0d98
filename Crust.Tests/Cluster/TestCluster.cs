using Crust.Client;
using Crust.Grains;
using Crust.Identity;
using Crust.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.Storage;
using Orleans.TestingHost;

namespace Crust.Tests.Cluster;

/// <summary>One silo in this process with <see cref="FaultyStorage"/>, and a client.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;

    private TestCluster(InProcessTestCluster cluster, FaultyStorage storage)
    {
        _cluster = cluster;
        Storage = storage;
        Client = new CrustClusterClient(cluster.Client, TestPeer.Network);
    }

    internal CrustClusterClient Client { get; }

    internal IGrainFactory Grains => _cluster.Client;

    internal FaultyStorage Storage { get; }

    /// <param name="operators">Whose orders count.</param>
    internal static Task<TestCluster> StartAsync(params PeerId[] operators) => StartAsync(acceptUnprovenGateways: false, operators);

    /// <param name="acceptUnprovenGateways">Whether gateways need no proof.</param>
    /// <param name="operators">Whose orders count.</param>
    internal static async Task<TestCluster> StartAsync(bool acceptUnprovenGateways, params PeerId[] operators)
    {
        var storage = new FaultyStorage();
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddCrust(TestPeer.Network, operators, acceptUnprovenGateways);
            silo.Services.AddGrainStorage(GrainServices.StorageName, (services, _) =>
            {
                storage.Serializer = services.GetRequiredService<Serializer>();
                return storage;
            });
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new TestCluster(cluster, storage);
    }

    /// <summary>Another client, for whoever disposes of its own. The cluster stays.</summary>
    internal CrustClusterClient NewClient() => new(_cluster.Client, TestPeer.Network);

    /// <summary>Ends every idle activation, as a silo's loss or a long silence would.</summary>
    internal Task DeactivateAllAsync() => Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await _cluster.DisposeAsync();
    }
}
