using Crust.Gateway.Cluster;
using Crust.Grains.Abstractions;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster;

/// <summary>A gateway with a connection to the cluster that tries to write what is not its own.</summary>
[Trait("speed", "slow")]
public sealed class HostileGatewayTests : IAsyncLifetime
{
    private readonly TestPeer _operator = new();
    private readonly TestPeer _peer = new();
    private readonly TestPeer _hostile = new();
    private readonly ulong _epoch = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
    private TestCluster _cluster = null!;
    private TestGateway _honest = null!;

    private GatewayProof Proof => _hostile.Prove(_epoch);

    private IRoutingTableGrain Zone => _cluster.Grains.GetGrain<IRoutingTableGrain>(GrainKeys.Zone(TestPeer.Network, _peer.Zone));

    public async ValueTask InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync(_operator.Id);
        _honest = new TestGateway(_cluster.Client, _operator.Id);
        await Eventually.HoldsAsync(() => _honest.Link.Directory.Gateways.Length == 1, "the honest gateway is in the directory");
        (await _honest.AttachAsync(_peer, 5)).Should().Be(AttachOutcome.Attached);
    }

    public async ValueTask DisposeAsync()
    {
        await _honest.DisposeAsync();
        await _cluster.DisposeAsync();
        _operator.Dispose();
        _peer.Dispose();
        _hostile.Dispose();
    }

    [Fact]
    public async Task Announce_OfAPeerThatDidNotSign_IsRefused()
    {
        // The statement that the peer signed for the honest gateway.
        var stolen = new PeerAnnouncement(_peer.Attach(_honest.Id, 9, DateTimeOffset.UtcNow), 1);
        (await Zone.AnnounceProvenAsync(_hostile.Id, _epoch, [stolen], Proof)).Outcomes.Should().OnlyContain(o => o.Result == AnnounceResult.Invalid);
        await IsUntouchedAsync();
    }

    [Fact]
    public async Task Announce_InTheNameOfAnotherGateway_IsRefused_AndEndsNoLifeOfIt()
    {
        // A newer life would end all entries of the one that runs.
        foreach (var proof in new[] { Proof, _hostile.Prove(_honest.Epoch + 1), new GatewayProof(_honest.Proof.SignedCredential, Proof.Token), new GatewayProof([], []), new GatewayProof(null!, null!) })
            (await Zone.AnnounceProvenAsync(_honest.Id, _honest.Epoch + 1, [_peer.Announce(_honest.Id, 9, DateTimeOffset.UtcNow)], proof)).Outcomes
                .Should().OnlyContain(o => o.Result == AnnounceResult.Unproven);
        (await Zone.AnnounceAsync(_honest.Id, _honest.Epoch + 1, [_peer.Announce(_honest.Id, 9, DateTimeOffset.UtcNow)])).Outcomes.Should().OnlyContain(o => o.Result == AnnounceResult.Unproven);
        await IsUntouchedAsync();
    }

    [Fact]
    public async Task Withdraw_OfAnothersPeers_IsRefused()
    {
        (await Zone.WithdrawProvenAsync(_honest.Id, [new PeerWithdrawal(_peer.Id, ulong.MaxValue)], Proof)).Should().BeFalse();
        await Zone.WithdrawAsync(_honest.Id, [new PeerWithdrawal(_peer.Id, ulong.MaxValue)]);
        (await Zone.WithdrawProvenAsync(_hostile.Id, [new PeerWithdrawal(_peer.Id, ulong.MaxValue)], Proof)).Should().BeTrue("its own it may, but the peer is not one");
        await IsUntouchedAsync();
    }

    [Fact]
    public async Task Mailbox_OfAnother_TellsItNothing()
    {
        var mailbox = _cluster.Grains.GetGrain<IGatewayGrain>(GrainKeys.Gateway(TestPeer.Network, _honest.Id));
        var heartbeat = new GatewayHeartbeat(_honest.Epoch, [], "", 0, true);
        var proven = await mailbox.ExchangeProvenAsync(0, ulong.MaxValue, 0, 0, heartbeat, _hostile.Prove(_honest.Epoch));
        var bare = await mailbox.ExchangeAsync(0, ulong.MaxValue, 0, heartbeat);
        foreach (var reply in new[] { proven, bare })
        {
            reply.Status.Should().Be(ExchangeStatus.Unproven);
            reply.Commands.Should().BeEmpty();
            reply.Directory.Should().BeNull();
        }
    }

    [Fact]
    public async Task CallsBetweenGrains_AreNotForGateways()
    {
        var mailbox = _cluster.Grains.GetGrain<IGatewayGrain>(GrainKeys.Gateway(TestPeer.Network, _honest.Id));
        var directory = _cluster.Grains.GetGrain<IGatewayDirectoryGrain>(GrainKeys.Directory(TestPeer.Network));
        await FluentActions.Awaiting(() => mailbox.EnqueueAsync(new SupersededCommand(_peer.Id, ulong.MaxValue))).Should().ThrowAsync<UnauthorizedAccessException>();
        await FluentActions.Awaiting(() => directory.HeartbeatAsync(_honest.Id, new GatewayHeartbeat(_honest.Epoch + 1, [], "", 0, true), 0)).Should().ThrowAsync<UnauthorizedAccessException>();
        await FluentActions.Awaiting(() => Zone.RefreshAsync([new GatewayLife(_honest.Id, _honest.Epoch + 1)], true)).Should().ThrowAsync<UnauthorizedAccessException>();
        await IsUntouchedAsync();
        _honest.Lost.Should().BeEmpty();
    }

    [Fact]
    public async Task Order_ForgedOrReplayed_IsRefused()
    {
        var number = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        (await SubmitAsync(_hostile.Order(number, OrderKind.Ban, _peer.Id))).Should().Be(OrderResult.NotAnOperator);
        var forged = _hostile.Order(number, OrderKind.Ban, _peer.Id);
        _operator.Id.CopyTo(forged);
        (await SubmitAsync(forged)).Should().Be(OrderResult.Invalid);
        (await SubmitAsync(_operator.Order(number, OrderKind.Ban, _peer.Id, network: NetworkId.FromName("another")))).Should().Be(OrderResult.Invalid);

        var ban = _operator.Order(number, OrderKind.Ban, _hostile.Id);
        (await SubmitAsync(ban)).Should().Be(OrderResult.Accepted);
        (await SubmitAsync(_operator.Order(number + 1, OrderKind.Unban, _hostile.Id))).Should().Be(OrderResult.Accepted);
        (await SubmitAsync(ban)).Should().Be(OrderResult.Stale);
        await IsUntouchedAsync();
    }

    [Fact]
    public async Task Record_OfAnotherPeer_AndKeysOfAnotherNetwork_AreRefused()
    {
        var grain = _cluster.Grains.GetGrain<IPeerGrain>(GrainKeys.Peer(TestPeer.Network, _peer.Id));
        (await grain.RegisterAsync(_hostile.Record(9, DateTimeOffset.UtcNow))).Should().Be(RegisterResult.Invalid);
        var another = NetworkId.FromName("another");
        var foreign = _cluster.Grains.GetGrain<IPeerGrain>(GrainKeys.Peer(another, _hostile.Id));
        (await foreign.RegisterAsync(_hostile.Record(9, DateTimeOffset.UtcNow, network: another))).Should().Be(RegisterResult.Invalid);
        await FluentActions.Awaiting(() => _cluster.Grains.GetGrain<IOperatorOrdersGrain>(GrainKeys.Orders(another)).ReadAsync(0)).Should().ThrowAsync<Exception>();
        var zone = _cluster.Grains.GetGrain<IRoutingTableGrain>(GrainKeys.Zone(another, 0));
        await FluentActions.Awaiting(() => zone.AnnounceProvenAsync(_hostile.Id, _epoch, [], _hostile.Prove(_epoch, another))).Should().ThrowAsync<Exception>();
    }

    private async Task<OrderResult> SubmitAsync(byte[] order) => (await _cluster.Client.SubmitOrderAsync(order, CancellationToken.None)).Value;

    private async Task IsUntouchedAsync()
    {
        var presence = (await _cluster.Client.FindPresenceAsync(_peer.Id, CancellationToken.None)).Value!;
        (presence.Gateway, presence.Epoch).Should().Be((_honest.Id, 5UL));
    }
}
