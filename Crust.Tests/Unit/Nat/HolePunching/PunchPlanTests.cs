using Crust.Nat.HolePunching;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.HolePunching;

public sealed class PunchPlanTests
{
    [Theory]
    [InlineData(PortPredictability.Stable, true, PortPredictability.Stable, true, PunchStrategy.Checks)]
    [InlineData(PortPredictability.Unknown, true, PortPredictability.Stable, true, PunchStrategy.Checks)]
    [InlineData(PortPredictability.Random, true, PortPredictability.Stable, false, PunchStrategy.Checks)]
    [InlineData(PortPredictability.Random, true, PortPredictability.Stable, true, PunchStrategy.OpenMany)]
    [InlineData(PortPredictability.Stable, true, PortPredictability.Random, true, PunchStrategy.ProbeMany)]
    [InlineData(PortPredictability.Stable, false, PortPredictability.Random, true, PunchStrategy.Checks)]
    [InlineData(PortPredictability.Random, true, PortPredictability.Random, true, PunchStrategy.Brief)]
    [InlineData(PortPredictability.Random, true, PortPredictability.Sequential, true, PunchStrategy.Brief)]
    [InlineData(PortPredictability.Sequential, true, PortPredictability.Sequential, true, PunchStrategy.Prediction)]
    [InlineData(PortPredictability.Sequential, true, PortPredictability.Stable, true, PunchStrategy.Prediction)]
    public void Choose_IsForBothSidesTheSame(object local, bool localFilters, object remote, bool remoteFilters, object expected)
    {
        var ours = new PunchDescription([], (PortPredictability)local, localFilters);
        var theirs = new PunchDescription([], (PortPredictability)remote, remoteFilters);

        PunchPlan.Choose(ours, theirs).Should().Be((PunchStrategy)expected);
        PunchPlan.Choose(theirs, ours).Should().Be((PunchStrategy)expected switch
        {
            PunchStrategy.OpenMany => PunchStrategy.ProbeMany,
            PunchStrategy.ProbeMany => PunchStrategy.OpenMany,
            var same => same,
        });
    }
}
