using System.Diagnostics;
using System.Net;
using Crust.Grains.Abstractions;
using Crust.Silo;
using Crust.Silo.Storage;
using Crust.Tests.Cluster.Relay;
using Crust.Tests.Cluster.Servers;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster.Profiles;

/// <summary>What the profiles with storage over a network promise besides.</summary>
public abstract class SharedStorageConformance(ProfileWorld world, ITestOutputHelper output) : ProfileConformance(world)
{
    /// <summary>Each way, so that an answer comes twice as late as an operation's time is over.</summary>
    private static readonly TimeSpan Slow = GuardedGrainStorage.Patience;

    /// <summary>Each way: slower than any storage should be, and fast enough.</summary>
    private static readonly TimeSpan Tardy = GuardedGrainStorage.Patience / 8;

    [Fact]
    public async Task StorageThatIsAway_RefusesClearlyAndSoon_AndComesBackWithoutHelp()
    {
        var id = NewId();
        await WriteAsync(id, 1);
        using var known = new TestPeer();
        var client = World.Silo.CreateClient();
        (await client.RegisterAsync(known.Record(1, DateTimeOffset.UtcNow), CancellationToken.None)).Value.Should().Be(RegisterResult.Accepted);

        await World.Server!.PauseAsync();
        try
        {
            await RefusesAsync(id, known, client, sequence: 2);
        }
        finally
        {
            await World.Server.ResumeAsync();
        }

        await ReturnsAsync(id, known, client, sequence: 3);

        await World.Server.KillAsync();
        try
        {
            await RefusesAsync(id, known, client, sequence: 4);
        }
        finally
        {
            await World.Server.StartAsync();
        }

        await ReturnsAsync(id, known, client, sequence: 5);
    }

    [Fact]
    public async Task StorageThatIsSlow_RefusesRecordsClearly_AndLosesNothingThatItTook()
    {
        await using var way = new DelayingProxy(new IPEndPoint(IPAddress.Loopback, World.Server!.Port), TimeSpan.Zero);
        var silo = await World.StartAsync("slow", World.Server.ConnectionAt(way.EndPoint.Port));
        var client = silo.CreateClient();
        using var known = new TestPeer();
        way.Delay = Tardy;
        (await client.RegisterAsync(known.Record(1, DateTimeOffset.UtcNow), CancellationToken.None)).Value.Should().Be(RegisterResult.Accepted, "late is not away");

        way.Delay = Slow;
        using var refused = new TestPeer();
        for (ulong sequence = 2; sequence < 6; sequence++)
        {
            var start = Stopwatch.GetTimestamp();
            (await client.RegisterAsync(known.Record(sequence, DateTimeOffset.UtcNow), CancellationToken.None)).Should().Be(new Client.ClusterReply<RegisterResult>(true, RegisterResult.StorageUnavailable));
            (await client.RegisterAsync(refused.Record(sequence, DateTimeOffset.UtcNow), CancellationToken.None)).Should().Be(new Client.ClusterReply<RegisterResult>(true, RegisterResult.StorageUnavailable));
            Stopwatch.GetElapsedTime(start).Should().BeLessThan(3 * 2 * GuardedGrainStorage.Patience);
            (await client.GetRecordAsync(known.Id, CancellationToken.None)).Value.Should().NotBeNull("it is in memory");
        }

        way.Delay = TimeSpan.Zero;
        var newest = known.Record(7, DateTimeOffset.UtcNow);
        await Eventually.HoldsAsync(() => client.RegisterAsync(newest, CancellationToken.None), reply => reply.Value is RegisterResult.Accepted or RegisterResult.Unchanged, "records are taken again");
        await World.StopAsync(silo);
        var next = await World.StartAsync("slow");
        (await next.CreateClient().GetRecordAsync(known.Id, CancellationToken.None)).Value.Should().Equal(newest);
        await World.StopAsync(next);
    }

    /// <summary>Backup and restore, as docs/operations.md has it.</summary>
    /// <param name="forgets">Whether the operator deleted the old silos from the membership.</param>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ACopyOfTheStorage_ServesElsewhere(bool forgets)
    {
        await using var original = World.Server!.Another();
        await original.StartAsync();
        var silo = await World.StartAsync(connection: original.Connection);
        using var peer = new TestPeer();
        var record = peer.Record(1, DateTimeOffset.UtcNow);
        (await silo.CreateClient().RegisterAsync(record, CancellationToken.None)).Value.Should().Be(RegisterResult.Accepted);
        await Eventually.HoldsAsync(() => original.HasWritten(GrainKeys.Peer(TestPeer.Network, peer.Id)), "the record is in the files");
        await original.KillAsync();
        await using var copy = original.Copy();
        // The copy says that this silo lives, as after a fire.
        await original.StartAsync();
        await World.StopAsync(silo);
        await copy.StartAsync();
        (await MembersAsync(copy)).Should().BePositive();
        if (forgets)
            await ForgetMembersAsync(copy);
        var begun = Stopwatch.GetTimestamp();
        var elsewhere = await World.StartAsync(connection: copy.Connection);
        await Eventually.HoldsAsync(() => elsewhere.CreateClient().GetRecordAsync(peer.Id, CancellationToken.None), reply => reply.Value?.SequenceEqual(record) == true, "the record is served elsewhere", TimeSpan.FromSeconds(90));
        output.WriteLine($"{(forgets ? "the old silos deleted" : "the old silos left")}: the record was served {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s after the start of a silo");
        await World.StopAsync(elsewhere);
    }

    /// <summary>Entries of silos in the membership.</summary>
    private protected abstract Task<int> MembersAsync(StorageServer server);

    /// <summary>Deletes them, by the storage's own means.</summary>
    private protected abstract Task ForgetMembersAsync(StorageServer server);

    private async Task RefusesAsync(Orleans.Runtime.GrainId id, TestPeer known, Client.CrustClusterClient client, ulong sequence)
    {
        var start = Stopwatch.GetTimestamp();
        await FluentActions.Awaiting(() => ReadAsync(id)).Should().ThrowAsync<StorageUnavailableException>();
        await FluentActions.Awaiting(() => WriteAsync(NewId(), 1)).Should().ThrowAsync<StorageUnavailableException>();
        Stopwatch.GetElapsedTime(start).Should().BeLessThan(3 * 2 * GuardedGrainStorage.Patience);

        // Of a peer that the cluster knows and of one that it does not: look-ups of what is in memory go on, new records are refused by name.
        (await client.GetRecordAsync(known.Id, CancellationToken.None)).Value.Should().NotBeNull();
        (await client.RegisterAsync(known.Record(sequence, DateTimeOffset.UtcNow), CancellationToken.None)).Should().Be(new Client.ClusterReply<RegisterResult>(true, RegisterResult.StorageUnavailable));
        using var stranger = new TestPeer();
        (await client.RegisterAsync(stranger.Record(1, DateTimeOffset.UtcNow), CancellationToken.None)).Should().Be(new Client.ClusterReply<RegisterResult>(true, RegisterResult.StorageUnavailable));
        await Eventually.HoldsAsync(HealthAsync, status => status == HttpStatusCode.ServiceUnavailable, "the silo says that it is not healthy");
    }

    private async Task ReturnsAsync(Orleans.Runtime.GrainId id, TestPeer known, Client.CrustClusterClient client, ulong sequence)
    {
        await Eventually.HoldsAsync(HealthAsync, status => status == HttpStatusCode.OK, "the silo is healthy again, though nobody wrote");
        (await ReadAsync(id)).State!.Sequence.Should().Be(1);
        await WriteAsync(NewId(), 1);
        (await client.RegisterAsync(known.Record(sequence, DateTimeOffset.UtcNow), CancellationToken.None)).Value.Should().Be(RegisterResult.Accepted);
        using var stranger = new TestPeer();
        (await client.RegisterAsync(stranger.Record(1, DateTimeOffset.UtcNow), CancellationToken.None)).Value.Should().Be(RegisterResult.Accepted);
    }

    private async Task<HttpStatusCode> HealthAsync()
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(World.Silo.StatusPage, "health"));
        return answer.StatusCode;
    }
}
