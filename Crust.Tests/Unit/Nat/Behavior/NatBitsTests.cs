using Crust.Nat.Behavior;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.Behavior;

public sealed class NatBitsTests
{
    [Fact]
    public void WhatARecordSays_IsReadAgain()
    {
        foreach (var mapping in Enum.GetValues<MappingBehavior>())
        {
            foreach (var filtering in Enum.GetValues<FilteringBehavior>())
            {
                foreach (var ports in Enum.GetValues<PortAllocation>())
                {
                    var one = NatProtocolReport.Unknown with { Mapping = mapping, Filtering = filtering, Ports = ports };
                    var report = NatReport.Unknown with { Udp = one, Tcp = NatProtocolReport.Unknown with { Mapping = mapping } };
                    var bits = NatBits.Encode(report);
                    (bits & ~NatBits.Mask).Should().Be(0u);
                    NatBits.Decode(bits | 0xFF0000FF).Should().Be(report);
                }
            }
        }
    }

    [Fact]
    public void NumbersThatMeanNothing_AreUnknown() => NatBits.Decode(uint.MaxValue).Udp.Should().BeEquivalentTo(
        NatProtocolReport.Unknown with { Ports = PortAllocation.Random });
}
