using Crust.Gateway.Cluster;
using Crust.Grains.Abstractions;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster;

/// <summary>What operators order counts in the grains and at every gateway.</summary>
[Trait("speed", "slow")]
public sealed class OperatorOrdersTests : IAsyncLifetime
{
    private readonly TestPeer _operator = new();
    private readonly TestPeer _peer = new();
    private TestCluster _cluster = null!;
    private TestGateway _first = null!;
    private TestGateway _second = null!;
    private ulong _number = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    public async ValueTask InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync(_operator.Id);
        _first = new TestGateway(_cluster.Client, _operator.Id);
        _second = new TestGateway(_cluster.Client, _operator.Id);
        await Eventually.HoldsAsync(() => _first.Link.Directory.Gateways.Length == 2 && _second.Link.Directory.Gateways.Length == 2, "both gateways see both in the directory");
    }

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
        await _cluster.DisposeAsync();
        _peer.Dispose();
        _operator.Dispose();
    }

    [Fact]
    public async Task Ban_CountsEverywhere_UntilItIsTakenBack()
    {
        (await _first.AttachAsync(_peer, 5)).Should().Be(AttachOutcome.Attached);
        (await SubmitAsync(OrderKind.Ban)).Should().Be(OrderResult.Accepted);
        await Eventually.HoldsAsync(() => !_first.Rules.Allows(_peer.Id) && !_second.Rules.Allows(_peer.Id), "both gateways know of the ban");
        await Eventually.HoldsAsync(() => _cluster.Client.FindPresenceAsync(_peer.Id, CancellationToken.None), reply => reply.Value is null, "the zone dropped the peer");
        (await _second.AttachAsync(_peer, 6, sequence: 2)).Should().Be(AttachOutcome.Denied);
        (await _cluster.Client.GetRecordAsync(_peer.Id, CancellationToken.None)).Value.Should().BeNull();

        (await SubmitAsync(OrderKind.Unban)).Should().Be(OrderResult.Accepted);
        await Eventually.HoldsAsync(() => _first.Rules.Allows(_peer.Id) && _second.Rules.Allows(_peer.Id), "both gateways know that it is over");
        (await _second.AttachAsync(_peer, 6, sequence: 2)).Should().Be(AttachOutcome.Attached);
    }

    [Fact]
    public async Task Orders_SurviveTheirGrain_AndAFailingStorage()
    {
        _cluster.Storage.FailingWrites = 2;
        var ban = _operator.Order(++_number, OrderKind.Ban, _peer.Id, "spam");
        (await _cluster.Client.SubmitOrderAsync(ban, CancellationToken.None)).Value.Should().Be(OrderResult.StorageUnavailable);
        (await _cluster.Client.SubmitOrderAsync(ban, CancellationToken.None)).Value.Should().Be(OrderResult.Accepted);
        await _cluster.DeactivateAllAsync();
        (await _cluster.Client.SubmitOrderAsync(ban, CancellationToken.None)).Value.Should().Be(OrderResult.Unchanged);
        (await _cluster.Client.GetOrderAuditAsync(10, CancellationToken.None)).Value.Should().ContainSingle();
        (await _cluster.Client.GetLastOrderNumberAsync(_operator.Id, CancellationToken.None)).Value.Should().Be(_number);
    }

    [Fact]
    public async Task Orders_AreRefusedWhileStorageIsAway_AndTakenAfterwards_ByAGrainThatBeganWithoutIt()
    {
        _cluster.Storage.FailsReads = true;
        await _cluster.DeactivateAllAsync();
        var ban = _operator.Order(++_number, OrderKind.Ban, _peer.Id);
        (await _cluster.Client.SubmitOrderAsync(ban, CancellationToken.None)).Should().Be(new Client.ClusterReply<OrderResult>(true, OrderResult.StorageUnavailable));
        (await _cluster.Client.ReadPolicyAsync(0, CancellationToken.None)).IsAvailable.Should().BeFalse("what is in force is not known, which is not the same as nothing");
        _cluster.Storage.FailsReads = false;
        (await _cluster.Client.SubmitOrderAsync(ban, CancellationToken.None)).Value.Should().Be(OrderResult.Accepted);
    }

    [Fact]
    public async Task Drain_IsWhatTheGatewaySaysInItsHeartbeats()
    {
        (await _cluster.Client.SubmitOrderAsync(_operator.Order(++_number, OrderKind.Drain, _first.Id), CancellationToken.None)).Value.Should().Be(OrderResult.Accepted);
        await Eventually.HoldsAsync(
            () => Array.Exists(_second.Link.Directory.Gateways, g => g.Gateway == _first.Id && g.Heartbeat.Draining), "the directory lists the first as draining");
        _second.Policy.IsDraining.Should().BeFalse();
    }

    private async Task<OrderResult> SubmitAsync(OrderKind kind) =>
        (await _cluster.Client.SubmitOrderAsync(_operator.Order(++_number, kind, _peer.Id), CancellationToken.None)).Value;
}
