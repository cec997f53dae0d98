using Crust.Grains.Abstractions;
using Crust.Grains.Peers;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster;

[Trait("speed", "slow")]
public sealed class PeerGrainTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private readonly TestPeer _peer = new();
    private TestCluster _cluster = null!;

    private IPeerGrain Grain => _cluster.Grains.GetGrain<IPeerGrain>(GrainKeys.Peer(TestPeer.Network, _peer.Id));

    public async ValueTask InitializeAsync() => _cluster = await TestCluster.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _peer.Dispose();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task Register_NeverStoresWhatThePeerDidNotSignForThisNetwork()
    {
        using var other = new TestPeer();
        var bad = _peer.Record(7, Now);
        bad[50] ^= 1;
        foreach (var record in new[] { bad, other.Record(7, Now), _peer.Record(7, Now, network: NetworkId.FromName("another")), _peer.Record(7, Now - TimeSpan.FromDays(2)), [] })
            (await Grain.RegisterAsync(record)).Should().Be(RegisterResult.Invalid);
        _cluster.Storage.Count.Should().Be(0);

        (await Grain.RegisterAsync(_peer.Record(7, Now))).Should().Be(RegisterResult.Accepted);
        (await Grain.RegisterAsync(_peer.Record(6, Now))).Should().Be(RegisterResult.Stale);
        await _cluster.DeactivateAllAsync();
        PeerRecord.TryVerify(await Grain.GetRecordAsync(), TestPeer.Network, out var stored).Should().BeTrue();
        stored!.Sequence.Should().Be(7);
    }

    [Fact]
    public async Task Grain_OfAnotherNetworksKey_IsRefused()
    {
        var foreign = _cluster.Grains.GetGrain<IPeerGrain>(GrainKeys.Peer(NetworkId.FromName("another"), _peer.Id));
        (await foreign.RegisterAsync(_peer.Record(7, Now))).Should().Be(RegisterResult.Invalid);
        (await foreign.GetRecordAsync()).Should().BeNull();
        var zone = _cluster.Grains.GetGrain<IRoutingTableGrain>(GrainKeys.Zone(NetworkId.FromName("another"), 0));
        await FluentActions.Awaiting(() => zone.GetEpochAsync()).Should().ThrowAsync<Exception>();
        _cluster.Storage.Count.Should().Be(0);
    }

    [Fact]
    public async Task Register_TellsStorageUnavailable_AndKeepsWhatWasAcknowledged()
    {
        var acknowledged = _peer.Record(7, Now);
        (await Grain.RegisterAsync(acknowledged)).Should().Be(RegisterResult.Accepted);

        _cluster.Storage.FailingWrites = 2;
        var newer = _peer.Record(8, Now);
        (await Grain.RegisterAsync(newer)).Should().Be(RegisterResult.StorageUnavailable);
        (await Grain.GetRecordAsync()).Should().Equal(acknowledged);

        (await Grain.RegisterAsync(newer)).Should().Be(RegisterResult.Accepted);
        await _cluster.DeactivateAllAsync();
        (await Grain.GetRecordAsync()).Should().Equal(newer);
    }

    [Fact]
    public async Task Register_FindsOutThatALostAnswerWasASuccess()
    {
        _cluster.Storage.LostAnswers = 1;
        var record = _peer.Record(7, Now);
        (await Grain.RegisterAsync(record)).Should().Be(RegisterResult.Accepted);
        await _cluster.DeactivateAllAsync();
        (await Grain.GetRecordAsync()).Should().Equal(record);
    }

    [Fact]
    public async Task Register_RecoversByItself_WhenStorageWasAwayAltogether()
    {
        (await Grain.RegisterAsync(_peer.Record(7, Now))).Should().Be(RegisterResult.Accepted);
        _cluster.Storage.LostAnswers = 1;
        _cluster.Storage.FailsReads = true;
        var record = _peer.Record(8, Now);
        (await Grain.RegisterAsync(record)).Should().Be(RegisterResult.StorageUnavailable);
        (await Grain.RegisterAsync(record)).Should().Be(RegisterResult.StorageUnavailable);
        _cluster.Storage.FailsReads = false;
        (await Grain.RegisterAsync(record)).Should().Be(RegisterResult.Unchanged, "the write whose answer was lost had taken place");
    }

    [Fact]
    public async Task Register_MergesBySequenceNumber_AfterAConflict()
    {
        (await Grain.RegisterAsync(_peer.Record(7, Now))).Should().Be(RegisterResult.Accepted);
        var foreign = _peer.Record(9, Now);
        _cluster.Storage.Overwrite(_peer.Id.ToString(), new PeerState { SignedRecord = foreign, Sequence = 9 });
        (await Grain.RegisterAsync(_peer.Record(8, Now))).Should().Be(RegisterResult.Stale);
        (await Grain.GetRecordAsync()).Should().Equal(foreign);
        var newest = _peer.Record(10, Now);
        (await Grain.RegisterAsync(newest)).Should().Be(RegisterResult.Accepted);
        (await Grain.GetRecordAsync()).Should().Equal(newest);
    }
}
