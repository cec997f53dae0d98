using Crust.Nat.PortMapping;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.PortMapping;

public sealed class RouterEpochTests
{
    private static readonly Instant Start = new(0);

    [Theory]
    [InlineData(1000, 100, 1100, false)]
    [InlineData(1000, 100, 1086, false)] // 7/8 of what was due, less 2 s
    [InlineData(1000, 100, 1084, true)]
    [InlineData(1000, 100, 100, true)]
    [InlineData(1000, 100, 5000, false)] // RFC 6886 minds only what lags
    public void NatPmp_TellsARestart(uint first, int seconds, uint second, bool isRestart)
    {
        var epoch = new RouterEpoch();

        epoch.HandleNatPmp(first, Start).Should().BeFalse("there is nothing to compare with");
        epoch.HandleNatPmp(second, Start + TimeSpan.FromSeconds(seconds)).Should().Be(isRestart);
    }

    [Theory]
    [InlineData(1000, 100, 1100, false)]
    [InlineData(1000, 0, 999, false)] // packets out of order
    [InlineData(1000, 0, 998, true)]
    [InlineData(1000, 160, 1148, false)]
    [InlineData(1000, 160, 1147, true)]
    [InlineData(1000, 160, 1172, false)]
    [InlineData(1000, 160, 1175, true)]
    [InlineData(1000, 100, 0, true)]
    public void Pcp_TellsARestart(uint first, int seconds, uint second, bool isRestart)
    {
        var epoch = new RouterEpoch();

        epoch.HandlePcp(first, Start).Should().BeFalse("there is nothing to compare with");
        epoch.HandlePcp(second, Start + TimeSpan.FromSeconds(seconds)).Should().Be(isRestart);
    }
}
