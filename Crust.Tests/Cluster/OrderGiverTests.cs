using Crust.Gateway.Commands;
using Crust.Grains.Abstractions;
using Crust.Identity;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Crust.Tests.Cluster;

/// <summary>How <c>crust admin</c> gives orders to the grains.</summary>
[Trait("speed", "slow")]
public sealed class OrderGiverTests : IAsyncLifetime
{
    private readonly PeerIdentity _operator = PeerIdentity.Create();
    private readonly TestPeer _peer = new();
    private TestCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await TestCluster.StartAsync(_operator.Id);

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _operator.Dispose();
        _peer.Dispose();
    }

    [Fact]
    public async Task Numbers_RiseWithoutAnyMemory_EvenWhileTheClockStands()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var numbers = new List<ulong>();
        foreach (var kind in new[] { OrderKind.Ban, OrderKind.Unban, OrderKind.Ban })
        {
            // Another process each time.
            var given = await new OrderGiver(_cluster.Client, _operator, clock).GiveAsync(kind, _peer.Id, "", CancellationToken.None);
            given.Result.Should().Be(OrderResult.Accepted);
            numbers.Add(given.Number);
        }

        var first = (ulong)clock.GetUtcNow().ToUnixTimeMilliseconds();
        numbers.Should().Equal(first, first + 1, first + 2);
    }

    [Fact]
    public async Task OrdersGivenAtOnce_AllCount()
    {
        var others = Enumerable.Range(0, 3).Select(_ => new TestPeer()).ToList();
        var given = await Task.WhenAll(others.Select(other => new OrderGiver(_cluster.Client, _operator, TimeProvider.System).GiveAsync(OrderKind.Ban, other.Id, "", CancellationToken.None)));
        given.Should().OnlyContain(g => g.Counts);
        given.Select(g => g.Number).Should().OnlyHaveUniqueItems();
        var policy = (await _cluster.Client.ReadPolicyAsync(0, CancellationToken.None)).Value!;
        policy.Orders.Should().HaveCount(3);
        others.ForEach(other => other.Dispose());
    }

    [Fact]
    public async Task WhoIsNoOperator_AndAStorageThatIsAway_AreRefusedByName()
    {
        using var nobody = PeerIdentity.Create();
        (await new OrderGiver(_cluster.Client, nobody, TimeProvider.System).GiveAsync(OrderKind.Ban, _peer.Id, "", CancellationToken.None)).Result.Should().Be(OrderResult.NotAnOperator);
        _cluster.Storage.FailingWrites = 2;
        var given = await new OrderGiver(_cluster.Client, _operator, TimeProvider.System).GiveAsync(OrderKind.Ban, _peer.Id, "", CancellationToken.None);
        given.Refusal(_operator.Id).Code.Should().Be("storage-unavailable");
        (await new OrderGiver(_cluster.Client, _operator, TimeProvider.System).GiveAsync(OrderKind.Ban, _peer.Id, "", CancellationToken.None)).Counts.Should().BeTrue();
    }

    [Fact]
    public async Task AClockThatIsWrong_IsNamed()
    {
        var slow = new FakeTimeProvider(DateTimeOffset.UtcNow - TimeSpan.FromHours(1));
        var given = await new OrderGiver(_cluster.Client, _operator, slow).GiveAsync(OrderKind.Ban, _peer.Id, "", CancellationToken.None);
        given.Refusal(_operator.Id).Code.Should().Be("untimely");
    }
}
