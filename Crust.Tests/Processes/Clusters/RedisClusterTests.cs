using Xunit;

namespace Crust.Tests.Processes.Clusters;

[Collection(Alone.Name)]
[Trait("speed", "slow")]
public sealed class RedisClusterTests(RedisCluster cluster, ITestOutputHelper output) : SharedClusterTests(cluster, output), IClassFixture<RedisCluster>;
