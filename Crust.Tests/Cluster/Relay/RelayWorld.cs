using System.Net;
using Crust.Gateway.Relay;
using Crust.Gateway.Server;
using Crust.Identity;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Crust.Tests.Cluster.Relay;

/// <summary>Real gateways of one cluster, and nodes attached to them, in this process and on loopback.</summary>
internal sealed class RelayWorld : IAsyncDisposable
{
    private readonly List<PeerIdentity> _keys = [];
    private readonly List<CrustNode> _nodes = [];
    private readonly TestCluster _cluster;

    private RelayWorld(TestCluster cluster) => _cluster = cluster;

    internal List<GatewayServer> Gateways { get; } = [];

    internal static async Task<RelayWorld> StartAsync(int gateways = 1, RelayLimits? limits = null)
    {
        var world = new RelayWorld(await TestCluster.StartAsync());
        for (var i = 0; i < gateways; i++)
        {
            var key = PeerIdentity.Create();
            world._keys.Add(key);
            var options = new GatewayOptions { Identity = key, NetworkName = "cluster-tests", Listen = IPAddress.Loopback, Relay = limits ?? RelayLimits.Default };
            world.Gateways.Add(await GatewayServer.StartAsync(
                options, world._cluster.NewClient, NullLoggerFactory.Instance, TimeProvider.System, TestContext.Current.CancellationToken));
        }

        await Eventually.HoldsAsync(() => world.Gateways.TrueForAll(g => g.KnownGateways == gateways), "all gateways see all");
        return world;
    }

    /// <summary>A node attached to a gateway.</summary>
    internal async Task<CrustNode> NodeAsync(int gateway, PathPolicy paths = PathPolicy.Any, Action<CrustNodeOptions>? configure = null)
    {
        var options = new CrustNodeOptions { NetworkName = "cluster-tests", Listen = IPAddress.Loopback, Paths = paths, ConnectTimeout = TimeSpan.FromSeconds(20) };
        foreach (var address in Gateways[gateway].Addresses)
            options.Bootstrap.Add(address);
        configure?.Invoke(options);
        var node = await CrustNode.StartAsync(options, TestContext.Current.CancellationToken);
        _nodes.Add(node);
        return node;
    }

    /// <summary>A gateway's key.</summary>
    internal PeerIdentity Key(int gateway) => _keys[gateway];

    /// <summary>Stops a gateway in order.</summary>
    internal ValueTask StopAsync(int gateway)
    {
        var stopped = Gateways[gateway];
        Gateways.RemoveAt(gateway);
        return stopped.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        foreach (var gateway in Gateways)
            await gateway.DisposeAsync();
        await _cluster.DisposeAsync();
        _keys.ForEach(k => k.Dispose());
    }
}
