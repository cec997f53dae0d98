using Crust.Grains.Peers;
using Crust.Silo;
using Crust.Silo.Storage;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;
using Xunit;

namespace Crust.Tests.Cluster;

public sealed class SqliteGrainStorageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crust-storage-").FullName;
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    public void Dispose()
    {
        _services.Dispose();
        Directory.Delete(_folder, true);
    }

    [Fact]
    public async Task Write_IsThereAfterARestart()
    {
        using (var storage = Open())
        {
            await WriteAsync(storage, 1, 10);
            await WriteAsync(storage, 2, 20);
            storage.Count.Should().Be(2);
        }

        using (var storage = Open())
        {
            storage.Count.Should().Be(2);
            (await ReadAsync(storage, 2)).State!.Sequence.Should().Be(20);
            var missing = await ReadAsync(storage, 3);
            missing.RecordExists.Should().BeFalse();
            missing.ETag.Should().BeNull();
            missing.State!.SignedRecord.Should().BeNull();
        }
    }

    [Fact]
    public async Task Write_WithAnotherVersionThanTheStoredOne_IsAConflictThatChangesNothing()
    {
        using var storage = Open();
        var first = await WriteAsync(storage, 1, 10);
        var stale = new GrainState<PeerState>(new PeerState { Sequence = 11 }, first.ETag) { RecordExists = true };
        first.State!.Sequence = 12;
        await storage.WriteStateAsync("record", Id(1), first);
        await FluentActions.Awaiting(() => storage.WriteStateAsync("record", Id(1), stale)).Should().ThrowAsync<InconsistentStateException>();
        await FluentActions.Awaiting(() => WriteAsync(storage, 1, 13)).Should().ThrowAsync<InconsistentStateException>("it said that there is no row");
        await FluentActions.Awaiting(() => storage.ClearStateAsync("record", Id(1), stale)).Should().ThrowAsync<InconsistentStateException>();
        (await ReadAsync(storage, 1)).State!.Sequence.Should().Be(12);
    }

    [Fact]
    public async Task Clear_RemovesTheRow_AndItsVersionNeverComesBack()
    {
        using var storage = Open();
        var state = await WriteAsync(storage, 1, 10);
        var old = state.ETag;
        await storage.ClearStateAsync("record", Id(1), state);
        storage.Count.Should().Be(0);
        (await ReadAsync(storage, 1)).RecordExists.Should().BeFalse();
        (await WriteAsync(storage, 1, 11)).ETag.Should().NotBe(old);
    }

    [Fact]
    public async Task Writes_OfManyGrainsAtOnce_AllArrive()
    {
        using (var storage = Open())
        {
            await Task.WhenAll(Enumerable.Range(0, 3000).Select(i => WriteAsync(storage, i, (ulong)i)));
            storage.Count.Should().Be(3000);
        }

        using var again = Open();
        var states = await Task.WhenAll(Enumerable.Range(0, 3000).Select(i => ReadAsync(again, i)));
        states.Select(state => state.State!.Sequence).Should().Equal(Enumerable.Range(0, 3000).Select(i => (ulong)i));
    }

    [Fact]
    public async Task Write_IsRefusedWhenTheQueueIsFull_AndTheAcceptedOnesStillArrive()
    {
        using var storage = Open(capacity: 2);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 500).Select(async i =>
        {
            try
            {
                await WriteAsync(storage, i, 1);
                return true;
            }
            catch (StorageUnavailableException)
            {
                return false;
            }
        }));
        outcomes.Should().Contain(false).And.Contain(true);
        storage.Count.Should().Be(outcomes.Count(written => written));
    }

    [Fact]
    public void Open_RefusesADamagedFile_AnUnusableFolder_AndASecondProcess_InOneLine()
    {
        var path = Path.Combine(_folder, "crust.db");
        File.WriteAllText(path, new string('x', 8192));
        Refused("is damaged");
        File.Delete(path);
        using (SqliteDatabase.Open(_folder))
            Refused("another silo uses it");
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        FluentActions.Invoking(() => SqliteDatabase.Open(Path.Combine(_folder, "file"))).Should().Throw<SiloStartException>();

        void Refused(string why) => FluentActions.Invoking(() => SqliteDatabase.Open(_folder)).Should().Throw<SiloStartException>().WithMessage($"*{why}*")
            .Which.Message.Should().NotContain("\n");
    }

    private static GrainId Id(int number) => GrainId.Create("peer", $"n{number}");

    private static async Task<GrainState<PeerState>> WriteAsync(SqliteGrainStorage storage, int grain, ulong sequence)
    {
        var state = new GrainState<PeerState>(new PeerState { SignedRecord = [1, 2, 3], Sequence = sequence });
        await storage.WriteStateAsync("record", Id(grain), state);
        return state;
    }

    private static async Task<GrainState<PeerState>> ReadAsync(SqliteGrainStorage storage, int grain)
    {
        var state = new GrainState<PeerState>();
        await storage.ReadStateAsync("record", Id(grain), state);
        return state;
    }

    private SqliteGrainStorage Open(int capacity = SqliteGrainStorage.DefaultCapacity) => new(
        SqliteDatabase.Open(_folder), new OrleansGrainStorageSerializer(_services.GetRequiredService<Serializer>()), _services.GetRequiredService<IActivatorProvider>(),
        DateTimeOffset.UtcNow, capacity);
}
