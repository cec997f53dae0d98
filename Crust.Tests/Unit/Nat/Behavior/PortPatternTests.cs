using Crust.Nat.Behavior;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.Behavior;

public sealed class PortPatternTests
{
    [Theory]
    [InlineData("1001 1002 1003 1004 1005", 1)]
    [InlineData("1001 1003 1005 1007 1009", 2)]
    [InlineData("1005 1004 1003 1002 1001", -1)]
    [InlineData("1001 1002 1004 1005 1007", 1)] // others open some as well
    [InlineData("1001 1002 1003 5000 5001", 1)] // once somebody opened many
    [InlineData("65534 65535 1024 1025 1026", 1)] // the counter began anew
    [InlineData("1001 1066 1131 1196 1261", null)]
    [InlineData("1001 40000 1003 50000 1005", null)]
    [InlineData("1001 1001 1001 1001 1001", null)]
    public void ASequence_IsOneOfSmallSteps(string mapped, int? delta)
    {
        var (allocation, found) = PortPattern.Judge([.. mapped.Split(' ').Select(m => new PortObservation(7, ushort.Parse(m, System.Globalization.CultureInfo.InvariantCulture)))]);
        found.Should().Be(delta);
        allocation.Should().Be(delta is null ? PortAllocation.Random : PortAllocation.Sequential);
    }

    [Fact]
    public void PortsThatAreKept_AreKept_ThoughOneIsTaken() => PortPattern.Judge([new(1, 1), new(2, 2), new(3, 40_000), new(4, 4)])
        .Should().Be((PortAllocation.Preserved, null));

    [Fact]
    public void TooFew_TellNothing() => PortPattern.Judge([new(1, 40_000), new(2, 40_001)]).Should().Be((PortAllocation.Unknown, null));

    [Fact]
    public void RandomPorts_HardlyEverLookLikeASequence()
    {
        var random = new Random(3);
        var wrong = 0;
        for (var i = 0; i < 200_000; i++)
        {
            if (PortPattern.Judge([.. Enumerable.Range(0, 5).Select(s => new PortObservation(7, (ushort)random.Next(1024, 65536)))]).Allocation == PortAllocation.Sequential)
                wrong++;
        }

        wrong.Should().BeLessThan(3);
    }
}
