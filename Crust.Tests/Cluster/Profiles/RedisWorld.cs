using Crust.Client.Membership;
using Crust.Tests.Cluster.Servers;

namespace Crust.Tests.Cluster.Profiles;

/// <summary>The redis profile on a Redis server.</summary>
public sealed class RedisWorld : ProfileWorld
{
    internal override string Profile => ClusterProfile.Redis;

    internal override StorageServer Server { get; } = new Servers.RedisServer();
}
