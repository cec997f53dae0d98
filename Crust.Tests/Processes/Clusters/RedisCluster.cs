using Crust.Client.Membership;
using Crust.Tests.Cluster.Servers;

namespace Crust.Tests.Processes.Clusters;

/// <summary>The redis profile's, on a Redis server.</summary>
public sealed class RedisCluster : SharedCluster
{
    internal override StorageServer Storage { get; } = new Cluster.Servers.RedisServer();

    internal override string Profile => ClusterProfile.Redis;
}
