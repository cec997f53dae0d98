using FluentAssertions;
using Xunit;

namespace Crust.Tests.Simulation;

/// <summary>What is sampled of the bootstrap cache is there, while half of all nodes come and go.</summary>
[Trait("speed", "slow")]
public sealed class BootstrapChurnTests(ITestOutputHelper output)
{
    /// <summary>Until <paramref name="warmUpMinutes"/> nobody can know who stays: all nodes have just come. Where visits may have any length, some stay for ten minutes and leave then.</summary>
    [Theory]
    [InlineData(1UL, false, 12)]
    [InlineData(2UL, true, 22)]
    public void OfAThousandNodesWithChurn_99PercentOfSampledEntriesAreThere_AtEveryMoment(ulong seed, bool withLongVisits, int warmUpMinutes)
    {
        var churn = new BootstrapChurn(seed, nodes: 1000, gateways: 8, prefixes: 300, withLongVisits);
        var warmUp = TimeSpan.FromMinutes(warmUpMinutes);
        churn.Run(warmUp);
        var (worst, sampled, alive, moments) = (1.0, 0L, 0L, 0);
        while (churn.Elapsed < warmUp + TimeSpan.FromMinutes(12))
        {
            churn.Run(TimeSpan.FromSeconds(1));
            var now = churn.Sample(samplesOfEach: 5);
            now.Sampled.Should().Be(8 * 5 * 24, $"samples are full, seed={seed}, {churn.Elapsed}");
            worst = Math.Min(worst, (double)now.Alive / now.Sampled);
            (sampled, alive, moments) = (sampled + now.Sampled, alive + now.Alive, moments + 1);
        }

        output.WriteLine(
            $"seed={seed}: {moments} moments, {sampled} entries sampled, {100.0 * alive / sampled:0.000} % there, {100 * worst:0.00} % at the worst moment; "
            + $"{churn.Alive} of 1000 nodes there, {churn.Entries} entries, {churn.Dials / churn.Elapsed.TotalMinutes:0} dials a minute.");
        worst.Should().BeGreaterThanOrEqualTo(0.99, $"seed={seed}");
    }
}
