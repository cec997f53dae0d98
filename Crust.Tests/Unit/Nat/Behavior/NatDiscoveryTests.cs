using System.Net;
using Crust.Nat.Behavior;
using Crust.Nat.Stun;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.Behavior;

public sealed class NatDiscoveryTests
{
    private static readonly NatServer Whole = new(At("198.51.100.1:1"), At("198.51.100.1:2"), At("198.51.100.2:1"), At("198.51.100.2:2"));
    private static readonly NatServer OneAddress = new(At("198.51.100.1:1"), At("198.51.100.1:2"));
    private static readonly NatServer OnePort = new(At("198.51.100.1:1"));

    public static TheoryData<MappingBehavior, FilteringBehavior, PortAllocation> Kinds()
    {
        var data = new TheoryData<MappingBehavior, FilteringBehavior, PortAllocation>
        {
            { MappingBehavior.None, FilteringBehavior.None, PortAllocation.Preserved },
            { MappingBehavior.None, FilteringBehavior.AddressDependent, PortAllocation.Preserved },
            { MappingBehavior.None, FilteringBehavior.AddressAndPortDependent, PortAllocation.Preserved },
        };
        foreach (var mapping in new[] { MappingBehavior.EndpointIndependent, MappingBehavior.AddressDependent, MappingBehavior.AddressAndPortDependent })
        {
            foreach (var filtering in new[] { FilteringBehavior.EndpointIndependent, FilteringBehavior.AddressDependent, FilteringBehavior.AddressAndPortDependent })
            {
                // A NAT that keeps ports towards everybody maps alike, whatever it calls itself.
                foreach (var ports in new[] { PortAllocation.Sequential, PortAllocation.Random })
                    data.Add(mapping, filtering, ports);
            }
        }

        data.Add(MappingBehavior.EndpointIndependent, FilteringBehavior.AddressAndPortDependent, PortAllocation.Preserved);
        return data;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EveryKind_IsFoundOut(MappingBehavior mapping, FilteringBehavior filtering, PortAllocation ports)
    {
        foreach (var hairpin in new[] { false, true })
        {
            var report = Discover(new SimpleNat(mapping, filtering, ports, hairpin), Whole);
            report.Mapping.Should().Be(mapping);
            report.Filtering.Should().Be(filtering);
            report.Ports.Should().Be(ports);
            report.PortDelta.Should().Be(ports == PortAllocation.Sequential ? 1 : null);
            report.Hairpin.Should().Be(mapping == MappingBehavior.None ? null : hairpin);
            report.External.Should().HaveCount(mapping switch
            {
                MappingBehavior.AddressDependent => 2,
                MappingBehavior.AddressAndPortDependent => 4,
                _ => 1,
            });
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(-1)]
    [InlineData(17)]
    public void ASequence_IsFoundWithItsStep(int step)
    {
        var nat = new SimpleNat(MappingBehavior.AddressAndPortDependent, FilteringBehavior.AddressAndPortDependent, PortAllocation.Sequential) { Step = step };
        Discover(nat, Whole).PortDelta.Should().Be(step);
    }

    /// <summary>Each single answer lost, each kind: what is still said is the truth.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void ALostAnswer_MakesItSayLess_NotWrong(MappingBehavior mapping, FilteringBehavior filtering, PortAllocation ports)
    {
        for (var lost = 1; lost <= 14; lost++)
        {
            var nat = new SimpleNat(mapping, filtering, ports);
            nat.Lost.Add(lost);
            var report = Discover(nat, Whole);
            if (report.Mapping == MappingBehavior.Blocked)
                lost.Should().Be(1, "only when the very first server never answered at its first port, and then the second port is asked");
            else
                report.Mapping.Should().Be(mapping);
            if (report.Mapping != MappingBehavior.Blocked)
                report.Ports.Should().Be(ports, $"answer {lost} was lost");
        }
    }

    [Fact]
    public void WithOneAddress_PortsStillTell()
    {
        Discover(new SimpleNat(MappingBehavior.AddressAndPortDependent, FilteringBehavior.AddressAndPortDependent, PortAllocation.Random), OneAddress)
            .Should().BeEquivalentTo(new { Mapping = MappingBehavior.AddressAndPortDependent, Filtering = FilteringBehavior.AddressAndPortDependent, Ports = PortAllocation.Random });
        Discover(new SimpleNat(MappingBehavior.EndpointIndependent, FilteringBehavior.AddressAndPortDependent, PortAllocation.Random), OneAddress)
            .Mapping.Should().Be(MappingBehavior.EndpointIndependent);
        Discover(new SimpleNat(MappingBehavior.EndpointIndependent, FilteringBehavior.EndpointIndependent, PortAllocation.Random), OneAddress)
            .Filtering.Should().Be(FilteringBehavior.AddressDependent, "no less is open; whether more is cannot be told");
    }

    [Fact]
    public void WithOnePort_ItIsPartlyUnknown()
    {
        var report = Discover(new SimpleNat(MappingBehavior.EndpointIndependent, FilteringBehavior.AddressDependent, PortAllocation.Random), OnePort);
        report.Mapping.Should().Be(MappingBehavior.Unknown);
        report.Filtering.Should().Be(FilteringBehavior.Unknown);
        report.Ports.Should().Be(PortAllocation.Random);
        report.External.Should().ContainSingle();
        Discover(new SimpleNat(MappingBehavior.None, FilteringBehavior.None, PortAllocation.Preserved), OnePort).Mapping.Should().Be(MappingBehavior.None);
    }

    [Fact]
    public void TwoGateways_TellAsMuchOfMappings_AsOneWithTwoAddresses()
    {
        var other = new NatServer(At("198.51.100.9:7"));
        Discover(new SimpleNat(MappingBehavior.AddressDependent, FilteringBehavior.AddressDependent, PortAllocation.Random), OneAddress, other)
            .Mapping.Should().Be(MappingBehavior.AddressDependent);
        Discover(new SimpleNat(MappingBehavior.EndpointIndependent, FilteringBehavior.AddressDependent, PortAllocation.Random), OnePort, other)
            .Mapping.Should().Be(MappingBehavior.EndpointIndependent);
        Discover(new SimpleNat(MappingBehavior.AddressDependent, FilteringBehavior.AddressDependent, PortAllocation.Random), OnePort, other)
            .Mapping.Should().Be(MappingBehavior.AddressAndPortDependent, "without two ports of one address the worse is assumed");
    }

    /// <summary>A dial-back from a gateway that the port has sent to proves little: the look leaves the others alone, or asks them from other ports.</summary>
    [Fact]
    public void FromTheOwnPort_OneGatewayIsAsked_WhenItAnswers()
    {
        var others = new[] { new NatServer(At("198.51.100.9:7")), new NatServer(At("198.51.100.10:7")) };
        foreach (var first in new[] { Whole, OneAddress, OnePort })
        {
            var asked = new List<NatProbe>();
            var report = Discover(new SimpleNat(MappingBehavior.AddressDependent, FilteringBehavior.AddressDependent, PortAllocation.Random), asked, [first, .. others]);
            asked.Where(p => p.Socket == 0 && p.Kind == NatProbeKind.Mapping).Select(p => p.Server).Should().OnlyContain(at => first.EndPoints.Contains(at));
            asked.Exists(p => others.Any(o => o.Primary == p.Server)).Should().Be(first != Whole);
            report.Mapping.Should().Be(first == OnePort ? MappingBehavior.AddressAndPortDependent : MappingBehavior.AddressDependent);
        }

        var nat = new SimpleNat(MappingBehavior.EndpointIndependent, FilteringBehavior.AddressDependent, PortAllocation.Random);
        nat.Dead.Add(OnePort.Primary);
        Discover(nat, OnePort, others[0], others[1]).Mapping.Should().Be(MappingBehavior.EndpointIndependent, "the others are asked where the first is silent");
    }

    /// <summary>The node's gateway has one address, another one has two: filtering is seen there.</summary>
    [Fact]
    public void AnotherGatewaysOtherAddress_ShowsFiltering()
    {
        foreach (var filtering in new[] { FilteringBehavior.EndpointIndependent, FilteringBehavior.AddressDependent, FilteringBehavior.AddressAndPortDependent })
            Discover(new SimpleNat(MappingBehavior.EndpointIndependent, filtering, PortAllocation.Random), new NatServer(At("198.51.100.9:7")), Whole).Filtering.Should().Be(filtering);
    }

    [Fact]
    public void WhereNothingComesBack_ItIsBlocked()
    {
        var nat = new SimpleNat(MappingBehavior.EndpointIndependent, FilteringBehavior.None, PortAllocation.Random);
        foreach (var endPoint in Whole.EndPoints)
            nat.Dead.Add(endPoint);
        var report = Discover(nat, Whole);
        report.Mapping.Should().Be(MappingBehavior.Blocked);
        report.Filtering.Should().Be(FilteringBehavior.Blocked);
        report.External.Should().BeEmpty();
        nat.Probes.Should().Be(2, "both ports of the server, once each");
    }

    [Fact]
    public void WhereTheFirstPortIsBlocked_TheSecondIsAsked()
    {
        var nat = new SimpleNat(MappingBehavior.EndpointIndependent, FilteringBehavior.AddressAndPortDependent, PortAllocation.Random);
        nat.Dead.Add(Whole.Primary);
        var report = Discover(nat, Whole);
        report.Mapping.Should().Be(MappingBehavior.EndpointIndependent);
        report.Ports.Should().Be(PortAllocation.Random);
    }

    [Fact]
    public void WhereNothingCouldBeSent_NothingIsKnown()
    {
        var discovery = new NatDiscovery([Whole]);
        while (discovery.Next() is { } wave)
        {
            foreach (var probe in wave.Probes)
                discovery.Handle(probe, new NatProbeResult(NatProbeOutcome.NotSent));
        }

        discovery.Report().Should().Be(NatProtocolReport.Unknown);
        new NatDiscovery([]).Next().Should().BeNull();
    }

    /// <summary>A server that is known by its address alone tells of its other one itself (RFC 5780 §7.4).</summary>
    [Fact]
    public void AServersOtherAddress_IsLearnedFromItsAnswer()
    {
        var nat = new SimpleNat(MappingBehavior.AddressAndPortDependent, FilteringBehavior.AddressDependent, PortAllocation.Random);
        var discovery = new NatDiscovery([OnePort]);
        var asked = new List<TransportAddress>();
        while (discovery.Next() is { } wave)
        {
            foreach (var probe in wave.Probes)
            {
                asked.Add(probe.Server);
                discovery.Handle(probe, nat.Answer(probe) with { Other = Whole.OtherBoth });
            }
        }

        asked.Should().Contain(Whole.EndPoints);
        discovery.Report().Mapping.Should().Be(MappingBehavior.AddressAndPortDependent);
        discovery.Report().Filtering.Should().Be(FilteringBehavior.AddressDependent);
    }

    [Fact]
    public void Servers_AreBounded()
    {
        var nat = new SimpleNat(MappingBehavior.AddressAndPortDependent, FilteringBehavior.AddressDependent, PortAllocation.Random);
        var report = Discover(nat, [.. Enumerable.Range(1, 100).Select(i => new NatServer(TransportAddress.FromIPv4((uint)(0xC6336400 + i), 1)))]);
        nat.Probes.Should().BeLessThanOrEqualTo(NatDiscovery.MaxServers + NatDiscovery.FreshSockets + 2);
        report.External.Should().HaveCountLessThanOrEqualTo(NatDiscovery.MaxExternal);
    }

    private static NatProtocolReport Discover(SimpleNat nat, params NatServer[] servers) => Discover(nat, [], servers);

    private static NatProtocolReport Discover(SimpleNat nat, List<NatProbe> asked, NatServer[] servers)
    {
        var discovery = new NatDiscovery(servers);
        while (discovery.Next() is { } wave)
        {
            asked.AddRange(wave.Probes);
            foreach (var probe in wave.Probes)
                discovery.Handle(probe, nat.Answer(probe));
        }

        return discovery.Report();
    }

    private static TransportAddress At(string text) => TransportAddress.From(IPEndPoint.Parse(text));
}
