using Crust.Grains;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Grains;

public sealed class TimingTests
{
    /// <summary>The last sign of life may reach the directory a period late, and the directory may notice the silence a period late; a second is left for the calls.</summary>
    [Fact]
    public void ADeadGatewaysPeers_AreGoneWithin15Seconds() =>
        (Timing.DirectoryPeriod + Timing.GatewaySilence + Timing.DirectoryPeriod).Should().BeLessThanOrEqualTo(TimeSpan.FromSeconds(14));
}
