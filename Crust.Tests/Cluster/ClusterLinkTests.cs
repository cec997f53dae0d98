using Crust.Gateway.Cluster;
using Crust.Grains.Abstractions;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster;

[Trait("speed", "slow")]
public sealed class ClusterLinkTests : IAsyncLifetime
{
    private readonly TestPeer _peer = new();
    private readonly TestPeer _caller = new();
    private TestCluster _cluster = null!;
    private TestGateway _first = null!;
    private TestGateway _second = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        _first = new TestGateway(_cluster.Client);
        _second = new TestGateway(_cluster.Client);
        await Eventually.HoldsAsync(
            () => _first.Link.Directory.Gateways.Length == 2 && _second.Link.Directory.Gateways.Length == 2, "both gateways see both in the directory");
    }

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
        await _cluster.DisposeAsync();
        _peer.Dispose();
        _caller.Dispose();
    }

    [Fact]
    public async Task Attach_MakesAPeerFoundFromEveryGateway_WithItsRecordAndThatGatewaysAddresses()
    {
        (await _first.AttachAsync(_peer, 5)).Should().Be(AttachOutcome.Attached);
        var found = await _second.Link.FindAsync(_peer.Id, CancellationToken.None);
        found.Status.Should().Be(FindStatus.Found);
        PeerRecord.TryVerify(found.Lookup!.SignedRecord, TestPeer.Network, out var record).Should().BeTrue();
        record!.Peer.Should().Be(_peer.Id);
        found.Lookup.Presence!.Gateway.Should().Be(_first.Id);
        found.Lookup.Gateway!.Heartbeat.Addresses.Should().Equal($"tcp://127.0.0.1:4000/{_first.Id}");
        (await _second.Link.FindAsync(_caller.Id, CancellationToken.None)).Status.Should().Be(FindStatus.NotFound);

        (await _first.DetachAsync(_peer.Id, 5)).Should().BeTrue();
        (await _second.Link.FindAsync(_peer.Id, CancellationToken.None)).Lookup!.Presence.Should().BeNull();
    }

    [Fact]
    public async Task Attach_RefusesAnAttachmentForAnotherGateway()
    {
        var now = DateTimeOffset.UtcNow;
        (await _first.Link.AttachAsync(_peer.Record(1, now), _peer.Attach(_second.Id, 5, now), CancellationToken.None)).Should().Be(AttachOutcome.AttachmentInvalid);
        (await _first.Link.AttachAsync(_caller.Record(1, now), _peer.Attach(_first.Id, 5, now), CancellationToken.None)).Should().Be(AttachOutcome.AttachmentInvalid);
    }

    [Fact]
    public async Task Introduce_CrossesBetweenTwoGateways_BothWays_EachOnce()
    {
        (await _first.AttachAsync(_peer, 5)).Should().Be(AttachOutcome.Attached);
        (await _second.AttachAsync(_caller, 5)).Should().Be(AttachOutcome.Attached);
        var attempts = Enumerable.Range(0, 20).Select(_ => Guid.NewGuid().ToByteArray()).ToArray();
        var record = _caller.Record(1, DateTimeOffset.UtcNow);
        foreach (var attempt in attempts)
            (await _second.Link.IntroduceAsync(_peer.Id, record, attempt, CancellationToken.None)).Should().Be(IntroduceOutcome.Queued);
        (await _first.Link.IntroduceAsync(_caller.Id, _peer.Record(1, DateTimeOffset.UtcNow), attempts[0], CancellationToken.None)).Should().Be(IntroduceOutcome.Queued);

        await Eventually.HoldsAsync(() => _first.Delivered.Count >= attempts.Length && !_second.Delivered.IsEmpty, "all introductions arrive");
        _first.Delivered.Cast<IntroduceCommand>().Select(command => Convert.ToHexString(command.AttemptId)).Should().Equal(attempts.Select(Convert.ToHexString));
        var first = (IntroduceCommand)_first.Delivered.First();
        first.Target.Should().Be(_peer.Id);
        first.CallerSignedRecord.Should().Equal(record);
        _second.Delivered.Should().ContainSingle();
    }

    [Fact]
    public async Task Introduce_SaysWhyItCannot()
    {
        var record = _caller.Record(1, DateTimeOffset.UtcNow);
        (await _second.Link.IntroduceAsync(_peer.Id, record, new byte[16], CancellationToken.None)).Should().Be(IntroduceOutcome.NotAttached);
        (await _second.Link.IntroduceAsync(_peer.Id, record, new byte[15], CancellationToken.None)).Should().Be(IntroduceOutcome.Invalid);
        record[9] ^= 1;
        (await _second.Link.IntroduceAsync(_peer.Id, record, new byte[16], CancellationToken.None)).Should().Be(IntroduceOutcome.Invalid);
    }

    [Fact]
    public async Task Mailbox_RefusesTheSender_WhenNobodyFetches()
    {
        using var silent = new TestPeer();
        var command = new DialBackResultCommand(new byte[DialBackCommand.AttemptIdLength], []);
        var results = await Task.WhenAll(
            Enumerable.Range(0, IGatewayGrain.MaxCommands + 10).Select(_ => _cluster.Client.EnqueueAsync(silent.Id, command, CancellationToken.None)));
        results.Should().OnlyContain(reply => reply.IsAvailable);
        results.Count(reply => reply.Value == EnqueueResult.Queued).Should().Be(IGatewayGrain.MaxCommands);
        results.Count(reply => reply.Value == EnqueueResult.Full).Should().Be(10);
    }

    [Fact]
    public async Task NewestProcess_Wins_AndTheLosersGatewayIsTold()
    {
        (await _first.AttachAsync(_peer, 5)).Should().Be(AttachOutcome.Attached);
        (await _second.AttachAsync(_peer, 6, sequence: 2)).Should().Be(AttachOutcome.Attached);
        await Eventually.HoldsAsync(() => _first.Lost.Contains((_peer.Id, 6UL)), "the loser's gateway is told");
        _first.Attached.Should().NotContainKey(_peer.Id);
        (await _first.AttachAsync(_peer, 5, sequence: 3)).Should().Be(AttachOutcome.Superseded);
        (await _cluster.Client.FindPresenceAsync(_peer.Id, CancellationToken.None)).Value!.Gateway.Should().Be(_second.Id);
    }

    [Fact]
    public async Task Peers_AreAnnouncedAgain_WhenTheirZoneLostThem()
    {
        var peers = Enumerable.Range(0, 24).Select(_ => new TestPeer()).ToArray();
        foreach (var peer in peers)
            (await _first.AttachAsync(peer, 5)).Should().Be(AttachOutcome.Attached);
        var zone = _cluster.Grains.GetGrain<IRoutingTableGrain>(GrainKeys.Zone(TestPeer.Network, peers[0].Zone));
        var epoch = await zone.GetEpochAsync();
        await Eventually.HoldsAsync(
            async () =>
            {
                await _cluster.DeactivateAllAsync();
                return await zone.GetEpochAsync();
            },
            current => current != epoch, "the zone's activation ends");

        foreach (var peer in peers)
        {
            await Eventually.HoldsAsync(
                () => _cluster.Client.FindPresenceAsync(peer.Id, CancellationToken.None), reply => reply.Value?.Gateway == _first.Id, "the peer is found again");
            peer.Dispose();
        }
    }

    [Fact]
    public async Task Detach_ThatTheClusterDidNotHear_IsMadeUpFor_UnlessThePeerCameBack()
    {
        (await _first.AttachAsync(_peer, 5)).Should().Be(AttachOutcome.Attached);
        (await _first.AttachAsync(_caller, 5)).Should().Be(AttachOutcome.Attached);
        var announcer = new ZoneAnnouncer(
            _cluster.Client, _first.Id, () => _first.Epoch, _first.Proof, _first, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        _first.Attached.TryRemove(_peer.Id, out _);
        announcer.WithdrawLater(_peer.Id, 5);
        announcer.WithdrawLater(_caller.Id, 5);
        using var stop = new CancellationTokenSource();
        var loop = announcer.RunAsync(stop.Token);
        await Eventually.HoldsAsync(() => _cluster.Client.FindPresenceAsync(_peer.Id, CancellationToken.None), reply => reply.Value is null, "the peer is gone");
        (await _cluster.Client.FindPresenceAsync(_caller.Id, CancellationToken.None)).Value.Should().NotBeNull();
        await stop.CancelAsync();
        await FluentActions.Awaiting(() => loop).Should().ThrowAsync<OperationCanceledException>();
        announcer.Dispose();
    }

    [Fact]
    public async Task FindClosest_AcrossZones_EqualsASortByDistance()
    {
        var peers = Enumerable.Range(0, 40).Select(_ => new TestPeer()).ToArray();
        await Task.WhenAll(peers.Select(peer => _first.AttachAsync(peer, 5)));
        var target = GrainKeys.HashOf(_caller.Id);
        var reply = await _cluster.Client.FindClosestAsync(target, 20, CancellationToken.None);
        reply.Value!.Select(presence => presence.Peer).Should().Equal(
            peers.Select(peer => peer.Id).OrderBy(id => Convert.ToHexString(GrainKeys.HashOf(id).Zip(target, (a, b) => (byte)(a ^ b)).ToArray()), StringComparer.Ordinal).Take(20));
        Array.ForEach(peers, peer => peer.Dispose());
    }

    [Fact]
    public async Task Attach_WhileStorageFails_IsStoredLater()
    {
        _cluster.Storage.FailingWrites = 2;
        (await _first.AttachAsync(_peer, 5)).Should().Be(AttachOutcome.StorageUnavailable);
        await Eventually.HoldsAsync(() => _cluster.Client.GetRecordAsync(_peer.Id, CancellationToken.None), reply => reply.Value is not null, "the record is stored");
    }

    [Fact]
    public async Task Exchange_OfAnOlderProcessOfTheGateway_IsRefused()
    {
        var older = new GatewayHeartbeat(_first.Epoch - 1, [], "", 0, false);
        var reply = await _cluster.Client.ExchangeAsync(_first.Id, 0, 0, 0, 0, older, _first.ProofOf(_first.Epoch - 1), CancellationToken.None);
        reply.Value!.Status.Should().Be(ExchangeStatus.Superseded);
        var lying = new GatewayHeartbeat(_first.Epoch, [$"tcp://127.0.0.1:1/{_peer.Id}"], "", 0, false);
        (await _cluster.Client.ExchangeAsync(_first.Id, 0, 0, 0, 0, lying, _first.Proof, CancellationToken.None)).Value!.Status.Should().Be(ExchangeStatus.Invalid);
    }
}
