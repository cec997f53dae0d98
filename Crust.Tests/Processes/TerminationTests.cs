using System.Diagnostics;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

[Trait("speed", "slow")]
public sealed class TerminationTests(ProcessCluster cluster, ITestOutputHelper output) : IClassFixture<ProcessCluster>
{
    [Fact]
    public async Task Terminate_EndsEachProcessPromptly_AndQuietly()
    {
        // A gateway while the cluster is there, the peer, the silo, and last a gateway that has lost its cluster.
        foreach (var (name, process) in new[]
        {
            ("gateway", cluster.Gateways[0]), ("node", cluster.Peer), ("silo", cluster.Silo), ("gateway without a cluster", cluster.Gateways[1]),
        })
        {
            var start = Stopwatch.GetTimestamp();
            await process.TerminateAsync();
            (await process.ExitAsync()).Should().Be(0, process.ToString());
            var took = Stopwatch.GetElapsedTime(start);
            output.WriteLine($"{name}: {took.TotalMilliseconds:0} ms");
            took.Should().BeLessThan(TimeSpan.FromSeconds(30), "10 s are promised, and three times that is a hang");
            process.Error.Should().BeEmpty(name);
        }
    }
}
