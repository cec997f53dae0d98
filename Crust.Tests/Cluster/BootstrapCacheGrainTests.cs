using Crust.Grains.Abstractions;
using Crust.Grains.Bootstrap;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster;

/// <summary>A shard of the bootstrap cache as gateways see it, with storage that fails.</summary>
[Trait("speed", "slow")]
public sealed class BootstrapCacheGrainTests : IAsyncLifetime
{
    private readonly BootstrapPeer _peer = new();
    private readonly BootstrapPeer _gateway = new();
    private TestCluster _cluster = null!;
    private TestGateway _live = null!;

    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    private IBootstrapCacheGrain Grain => _cluster.Grains.GetGrain<IBootstrapCacheGrain>(GrainKeys.Bootstrap(TestPeer.Network, _peer.Shard));

    public async ValueTask InitializeAsync() => _cluster = await TestCluster.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_live is not null)
            await _live.DisposeAsync();
        await _cluster.DisposeAsync();
        _peer.Dispose();
        _gateway.Dispose();
    }

    [Fact]
    public async Task AReportedPeer_IsRead_UntilNothingHasChanged()
    {
        (await ProveAsync()).Should().Be(BootstrapResult.Proven);
        var shard = (await Grain.ReadAsync(0))!;
        shard.Entries.Should().ContainSingle().Which.Voucher.Should().Be(_gateway.Id);
        shard.Time.Should().BeCloseTo((ulong)Now.ToUnixTimeMilliseconds(), 60_000);
        (await Grain.ReadAsync(shard.Version)).Should().BeNull();
    }

    [Fact]
    public async Task WhatWasProven_SurvivesTheActivation()
    {
        await ProveAsync();
        // One whose timer runs just now is not collected.
        await Eventually.HoldsAsync(
            async () =>
            {
                await _cluster.DeactivateAllAsync();
                return _cluster.Storage.Count;
            },
            count => count == 1, "it is written as the activation ends");
        (await Grain.ReadAsync(0))!.Entries.Should().ContainSingle();
    }

    [Fact]
    public async Task WhatHasAged_IsPrunedOnActivation()
    {
        await ProveAsync();
        await _cluster.DeactivateAllAsync();
        var entry = (await Grain.ReadAsync(0))!.Entries.Single();
        var old = (ulong)(Now - TimeSpan.FromMinutes(31)).ToUnixTimeMilliseconds();
        _cluster.Storage.Overwrite("bootstrap", new BootstrapState { Entries = [entry with { LastProven = old, ProvenSince = old }] });
        // One whose timer runs just now is not collected.
        await Eventually.HoldsAsync(
            async () =>
            {
                await _cluster.DeactivateAllAsync();
                return (await Grain.ReadAsync(0))!.Entries;
            },
            entries => entries.Length == 0, "what storage holds has aged");
    }

    [Fact]
    public async Task AFailedWrite_IsMadeUpFor()
    {
        _cluster.Storage.FailingWrites = 1;
        await ProveAsync();
        // One whose timer runs just now is not collected.
        await Eventually.HoldsAsync(
            async () =>
            {
                await _cluster.DeactivateAllAsync();
                return (await Grain.ReadAsync(0))!.Entries;
            },
            entries => entries.Length == 0, "the activation ended with its only write");
        Tick();
        (await ProveAsync()).Should().Be(BootstrapResult.Proven, "gateways tell again");
        await _cluster.DeactivateAllAsync();
        (await Grain.ReadAsync(0))!.Entries.Should().ContainSingle();
    }

    [Fact]
    public async Task AShardThatBeginsWithoutStorage_RefusesByName_TellsNothing_AndGoesOnWhenStorageIsBack()
    {
        // The activation failed, with an exception for whoever asked.
        await ProveAsync();
        _cluster.Storage.FailsReads = true;
        // One whose timer runs just now is not collected.
        await Eventually.HoldsAsync(
            async () =>
            {
                await _cluster.DeactivateAllAsync();
                return await ProveAsync();
            },
            result => result == BootstrapResult.StorageUnavailable, "a shard that begins anew has nothing to go by");
        // An empty shard would have gateways forget what they know.
        (await FluentActions.Awaiting(() => Grain.ReadAsync(0)).Should().ThrowAsync<OrleansException>()).WithMessage("Storage does not answer.");
        _cluster.Storage.FailsReads = false;
        (await Grain.ReadAsync(0))!.Entries.Should().ContainSingle();
        (await ProveAsync()).Should().Be(BootstrapResult.Proven);
    }

    [Fact]
    public async Task OnceGatewaysLive_OnlyTheirWordCounts()
    {
        _live = new TestGateway(_cluster.NewClient());
        await Eventually.HoldsAsync(async () => (await _cluster.Grains.GetGrain<IGatewayDirectoryGrain>(GrainKeys.Directory(TestPeer.Network)).GetSnapshotAsync()).Gateways.Length, n => n == 1, "it calls in");
        await Eventually.HoldsAsync(ProveAsync, result => result == BootstrapResult.UnknownGateway, "the shard learns which gateways live within 5 s");
    }

    [Fact]
    public async Task AKeyOfAnotherNetwork_IsRefused()
    {
        var foreign = _cluster.Grains.GetGrain<IBootstrapCacheGrain>(GrainKeys.Bootstrap(NetworkId.FromName("other"), 3));
        await FluentActions.Awaiting(() => foreign.ReadAsync(0)).Should().ThrowAsync<ArgumentException>();
        var beyond = _cluster.Grains.GetGrain<IBootstrapCacheGrain>(GrainKeys.Bootstrap(TestPeer.Network, 3) + "0");
        await FluentActions.Awaiting(() => beyond.ReadAsync(0)).Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task ABatchThatIsTooLong_IsRefused() =>
        await FluentActions.Awaiting(() => Grain.ReportAsync([.. Enumerable.Repeat(new BootstrapReport([], [], []), IBootstrapCacheGrain.MaxBatch + 1)])).Should().ThrowAsync<ArgumentException>();

    private static void Tick()
    {
        var now = Now.ToUnixTimeMilliseconds();
        SpinWait.SpinUntil(() => Now.ToUnixTimeMilliseconds() > now);
    }

    private async Task<BootstrapResult> ProveAsync()
    {
        Tick();
        var reply = await Grain.ReportAsync([new BootstrapReport(_gateway.Prove(_peer.Id, 1, Now), _peer.Record(1, Now), _peer.AttachTo(_gateway.Id, Now))]);
        return reply.Results.Single();
    }
}
