using System.Diagnostics;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes.Clusters;

[Collection(Alone.Name)]
[Trait("speed", "slow")]
public sealed class AzureClusterTests(AzureCluster cluster, ITestOutputHelper output) : SharedClusterTests(cluster, output), IClassFixture<AzureCluster>
{
    private static readonly TimeSpan Busy = Long(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(12));

    [Fact]
    public async Task FullProcessors_EvictNoSilo()
    {
        var begun = Stopwatch.GetTimestamp();
        await using (new BusyProcessors())
        {
            while (Stopwatch.GetElapsedTime(begun) < Busy)
            {
                Cluster.Silos.Should().OnlyContain(silo => !silo.HasEnded);
                await Cluster.StatusAsync(silos: 3, gateways: 2, peers: Cluster.Attached);
                await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            }
        }

        var crowd = await Cluster.Crowd.ReportAsync();
        Output.WriteLine($"{Stopwatch.GetElapsedTime(begun).TotalSeconds:0} s of full processors: {crowd.Tell(begun)}");
        Cluster.Silos.Should().HaveCount(3).And.OnlyContain(silo => !silo.HasEnded);
        await Cluster.StatusAsync(silos: 3, gateways: 2, peers: Cluster.Attached);
        crowd.OutOfTurn.Should().Be(0, Promise.OnceAndInOrder);
        crowd.EndedSessions.Should().BeEmpty();
    }
}
