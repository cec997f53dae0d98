using Crust.Silo.Demo;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

[Trait("speed", "slow")]
public sealed class DemonstrationTests
{
    [Fact]
    public async Task Demo_TellsEachStep_AndEnds()
    {
        using var folder = new TemporaryFolder();
        await using var demo = CrustProcess.Silo(folder, "demo", "--exit");
        (await demo.ExitAsync()).Should().Be(0, demo.ToString());

        demo.Error.Should().BeEmpty();
        var told = string.Join('\n', demo.Output);
        told.Should().MatchRegex("Anna is peer [a-z0-9]{52},").And.MatchRegex("Bruno is peer [a-z0-9]{52},");
        told.Should().Contain("direct-tcp to 127.0.0.1:").And.MatchRegex("[0-9]+ messages went to Bruno and [0-9]+ came back");
        told.Should().MatchRegex("signatures made by Anna: [1-9][0-9]*, signatures of Bruno verified: [1-9]").And.MatchRegex("http://127\\.0\\.0\\.1:[0-9]+/");
    }

    [Fact]
    public async Task KilledGateway_LosesNothing()
    {
        using var told = new StringWriter();
        await using (var demo = new Demonstration(told))
        {
            await demo.RunAsync(TestContext.Current.CancellationToken);
            await demo.KillGatewayAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(40));
        }

        told.ToString().Should().Contain("messages sent meanwhile all arrived").And.Contain("Anna attached herself to gateway");
    }
}
