using System.Net;
using Crust.Grains.Abstractions;
using Crust.Silo.Storage;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster.Profiles;

/// <summary>What the profiles with storage over a network promise besides.</summary>
public abstract class SharedStorageConformance(ProfileWorld world) : ProfileConformance(world)
{
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

    private async Task RefusesAsync(Orleans.Runtime.GrainId id, TestPeer known, Client.CrustClusterClient client, ulong sequence)
    {
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        await FluentActions.Awaiting(() => ReadAsync(id)).Should().ThrowAsync<StorageUnavailableException>();
        await FluentActions.Awaiting(() => WriteAsync(NewId(), 1)).Should().ThrowAsync<StorageUnavailableException>();
        System.Diagnostics.Stopwatch.GetElapsedTime(start).Should().BeLessThan(3 * 2 * GuardedGrainStorage.Patience);

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
