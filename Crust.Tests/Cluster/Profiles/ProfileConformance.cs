using System.Net;
using Crust.Grains;
using Crust.Grains.Abstractions;
using Crust.Grains.Peers;
using Crust.Silo.Storage;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using Xunit;

namespace Crust.Tests.Cluster.Profiles;

/// <summary>What every profile promises, tried on its real storage.</summary>
public abstract class ProfileConformance(ProfileWorld world)
{
    private static int _lastNumber;

    /// <summary>What the tests run on.</summary>
    private protected ProfileWorld World { get; } = world.Required();

    private IGrainStorage Storage => World.Silo.Services.GetRequiredKeyedService<IGrainStorage>(GrainServices.StorageName);

    [Fact]
    public async Task State_IsReadBackWithItsVersion_AndWhatWasNeverWrittenIsEmpty()
    {
        var id = NewId();
        var missing = await ReadAsync(id);
        (missing.RecordExists, missing.ETag, missing.State!.Sequence).Should().Be((false, null, 0UL));

        var written = await WriteAsync(id, 10);
        written.ETag.Should().NotBeNullOrEmpty();
        var read = await ReadAsync(id);
        (read.RecordExists, read.ETag, read.State!.Sequence).Should().Be((true, written.ETag, 10UL));
        read.State.SignedRecord.Should().Equal(1, 2, 3);

        read.State.Sequence = 11;
        await Storage.WriteStateAsync("record", id, read);
        read.ETag.Should().NotBe(written.ETag);
        (await ReadAsync(id)).State!.Sequence.Should().Be(11);
    }

    [Fact]
    public async Task StaleWrites_AreConflicts_ThatChangeNothing()
    {
        var id = NewId();
        var first = await WriteAsync(id, 10);
        var stale = new GrainState<PeerState>(new PeerState { Sequence = 11 }, first.ETag) { RecordExists = true };
        first.State!.Sequence = 12;
        await Storage.WriteStateAsync("record", id, first);

        await FluentActions.Awaiting(() => Storage.WriteStateAsync("record", id, stale)).Should().ThrowAsync<InconsistentStateException>();
        await FluentActions.Awaiting(() => WriteAsync(id, 13)).Should().ThrowAsync<InconsistentStateException>("it said that there is no state");
        await FluentActions.Awaiting(() => Storage.ClearStateAsync("record", id, stale)).Should().ThrowAsync<InconsistentStateException>();
        (await ReadAsync(id)).State!.Sequence.Should().Be(12);
    }

    [Fact]
    public async Task ManyWritersOfOneState_HaveOneWinner()
    {
        var id = NewId();
        var outcomes = await Task.WhenAll(Enumerable.Range(1, 16).Select(async i =>
        {
            try
            {
                await WriteAsync(id, (ulong)i);
                return i;
            }
            catch (InconsistentStateException)
            {
                return 0;
            }
        }));
        var winner = outcomes.Should().ContainSingle(outcome => outcome > 0).Subject;
        (await ReadAsync(id)).State!.Sequence.Should().Be((ulong)winner);
    }

    [Fact]
    public async Task Clear_RemovesTheState_AndItsVersionNeverComesBack()
    {
        var id = NewId();
        var state = await WriteAsync(id, 10);
        var old = state.ETag!;
        await Storage.ClearStateAsync("record", id, state);
        (state.RecordExists, state.ETag, state.State!.Sequence).Should().Be((false, null, 0UL));
        (await ReadAsync(id)).RecordExists.Should().BeFalse();
        await FluentActions.Awaiting(() => Storage.WriteStateAsync("record", id, new GrainState<PeerState>(new PeerState(), old) { RecordExists = true }))
            .Should().ThrowAsync<InconsistentStateException>();
        (await WriteAsync(id, 11)).ETag.Should().NotBe(old);
    }

    [Fact]
    public async Task TheLargestState_IsKept_AndALargerOneRefused()
    {
        var id = NewId();
        var state = new GrainState<PeerState>(new PeerState { SignedRecord = new byte[BoundedSerializer.MaxLength - 64], Sequence = 1 });
        Random.Shared.NextBytes(state.State!.SignedRecord!);
        await Storage.WriteStateAsync("record", id, state);
        (await ReadAsync(id)).State!.SignedRecord.Should().Equal(state.State.SignedRecord);

        var larger = new GrainState<PeerState>(new PeerState { SignedRecord = new byte[BoundedSerializer.MaxLength], Sequence = 2 }, state.ETag) { RecordExists = true };
        await FluentActions.Awaiting(() => Storage.WriteStateAsync("record", id, larger)).Should().ThrowAsync<StateTooLargeException>();
        (await ReadAsync(id)).State!.Sequence.Should().Be(1);
    }

    [Fact]
    public async Task ManyStatesAtOnce_AllArrive()
    {
        var ids = Enumerable.Range(0, 200).Select(_ => NewId()).ToArray();
        // As many at once as an emulator answers in time on a busy machine.
        foreach (var part in ids.Index().Chunk(8))
            await Task.WhenAll(part.Select(one => WriteAsync(one.Item, (ulong)one.Index + 1)));
        var states = new List<GrainState<PeerState>>();
        foreach (var part in ids.Chunk(8))
            states.AddRange(await Task.WhenAll(part.Select(ReadAsync)));
        states.Select(state => state.State!.Sequence).Should().Equal(Enumerable.Range(1, 200).Select(i => (ulong)i));
    }

    [Fact]
    public async Task Silos_AreListedWhileTheyLive_AndSeeOneAnother()
    {
        var management = World.Silo.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);
        (await management.GetHosts(onlyActive: true)).Should().ContainSingle().Which.Key.Endpoint.Should().Be(new IPEndPoint(IPAddress.Loopback, World.Silo.SiloPort));
        if (!World.HasSeveralSilos)
            return;

        var second = await World.StartAsync();
        await Eventually.HoldsAsync(() => management.GetHosts(onlyActive: true), hosts => hosts.Count == 2, "the second silo joins");
        using var peer = new TestPeer();
        var record = peer.Record(1, DateTimeOffset.UtcNow);
        (await second.CreateClient().RegisterAsync(record, CancellationToken.None)).Value.Should().Be(RegisterResult.Accepted);
        (await World.Silo.CreateClient().GetRecordAsync(peer.Id, CancellationToken.None)).Value.Should().Equal(record);

        await World.StopAsync(second);
        await Eventually.HoldsAsync(() => management.GetHosts(onlyActive: true), hosts => hosts.Count == 1, "the second silo leaves");
        (await World.Silo.CreateClient().GetRecordAsync(peer.Id, CancellationToken.None)).Value.Should().Equal(record);
    }

    [Fact]
    public async Task AClient_FindsTheSilos_AndTheirRecordsOutliveThem()
    {
        await using var client = World.Connect();
        await client.WaitUntilConnectedAsync(CancellationToken.None).WaitAsync(Eventually.Soon);
        using var peer = new TestPeer();
        var record = peer.Record(1, DateTimeOffset.UtcNow);
        (await client.RegisterAsync(record, CancellationToken.None)).Value.Should().Be(RegisterResult.Accepted);

        await World.RestartAsync();
        // Where silos are listed the same client finds the new one, on another port; where not, it must be told.
        await using var another = World.Connect();
        var after = World.HasSeveralSilos ? client : another;
        await Eventually.HoldsAsync(
            () => after.GetRecordAsync(peer.Id, CancellationToken.None), reply => reply.IsAvailable, "the client finds the new silo", TimeSpan.FromSeconds(60));
        (await after.GetRecordAsync(peer.Id, CancellationToken.None)).Value.Should().Equal(record);
        (await after.RegisterAsync(record, CancellationToken.None)).Value.Should().Be(RegisterResult.Unchanged);
    }

    [Fact]
    public async Task ClustersOfOtherNames_OnTheSameStorage_AreNotSeen()
    {
        if (!World.HasSeveralSilos)
            return;
        var other = await World.StartAsync("other");
        var management = other.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);
        (await management.GetHosts(onlyActive: true)).Should().ContainSingle().Which.Key.Endpoint.Port.Should().Be(other.SiloPort);
        await using var client = World.Connect("other");
        await client.WaitUntilConnectedAsync(CancellationToken.None).WaitAsync(Eventually.Soon);
        (await client.ListGatewaysAsync(CancellationToken.None)).IsAvailable.Should().BeTrue();
        await World.StopAsync(other);
        (await client.ListGatewaysAsync(CancellationToken.None)).IsAvailable.Should().BeFalse("its only silo is gone, and the silo of the other cluster is not taken for it");
    }

    /// <summary>An id that no other test has.</summary>
    private protected static GrainId NewId() => GrainId.Create("peer", $"0011223344556677.n{Interlocked.Increment(ref _lastNumber)}");

    private protected async Task<GrainState<PeerState>> WriteAsync(GrainId id, ulong sequence)
    {
        var state = new GrainState<PeerState>(new PeerState { SignedRecord = [1, 2, 3], Sequence = sequence });
        await Storage.WriteStateAsync("record", id, state);
        return state;
    }

    private protected async Task<GrainState<PeerState>> ReadAsync(GrainId id)
    {
        var state = new GrainState<PeerState>();
        await Storage.ReadStateAsync("record", id, state);
        return state;
    }
}
