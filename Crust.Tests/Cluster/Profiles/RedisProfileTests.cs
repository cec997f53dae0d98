using System.Net;
using Crust.Client.Membership;
using Crust.Silo;
using Crust.Silo.Profiles;
using Crust.Tests.Cluster.Servers;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using Xunit;

namespace Crust.Tests.Cluster.Profiles;

[Trait("speed", "slow")]
public sealed class RedisProfileTests(RedisWorld world, ITestOutputHelper output) : SharedStorageConformance(world, output), IClassFixture<RedisWorld>
{
    private const string Members = "crust/members/crust";

    [Fact]
    public async Task AServerThatForgets_IsRefused_UnlessThatIsAccepted_AndThenToldOf()
    {
        await using var cache = new Servers.RedisServer(keepsAll: false);
        await cache.StartAsync();
        var options = new SiloOptions
        {
            Profile = ClusterProfile.Redis, Connection = cache.Connection, SiloPort = 0, GatewayPort = 0, Http = new IPEndPoint(IPAddress.Loopback, 0), LogLevel = LogLevel.None,
        };
        (await FluentActions.Awaiting(() => SiloHost.StartAsync(options, CancellationToken.None)).Should().ThrowAsync<SiloStartException>())
            .Which.Message.Should().Contain("appendonly is 'no'").And.Contain("maxmemory-policy is 'allkeys-lru'").And.Contain("--accept-data-loss").And.NotContain("\n");
        await using var silo = await SiloHost.StartAsync(options with { AcceptsDataLoss = true }, CancellationToken.None);
        silo.Warnings.Should().ContainSingle().Which.Should().StartWith("Acknowledged writes may be lost");
    }

    [Theory]
    [InlineData("yes", "noeviction", true)]
    [InlineData("no", "noeviction", false)]
    [InlineData("yes", "volatile-lru", false)]
    [InlineData(null, null, true)]
    public void Durability_NeedsTheLogAndNoEviction(string? appendOnly, string? eviction, bool isGood) =>
        (RedisDurability.Complaint(appendOnly, eviction) is null).Should().Be(isGood);

    private protected override async Task<int> MembersAsync(StorageServer server)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(server.Connection);
        return (int)await redis.GetDatabase().HashLengthAsync(Members);
    }

    private protected override async Task ForgetMembersAsync(StorageServer server)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(server.Connection);
        (await redis.GetDatabase().KeyDeleteAsync(Members)).Should().BeTrue();
    }
}
