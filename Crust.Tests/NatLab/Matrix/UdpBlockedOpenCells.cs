using Xunit;
using static Crust.Tests.NatLab.Expected;
using static Crust.Tests.NatLab.RouterKind;

namespace Crust.Tests.NatLab.Matrix;

/// <summary>Neither site lets UDP out; the caller has a public address.</summary>
[Trait("speed", "slow")]
public sealed class UdpBlockedOpenCells(LabCluster cluster, ITestOutputHelper output) : NatCells(cluster, output)
{
    [Fact]
    public Task None_None() => Cell(None, None, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task None_Firewall() => Cell(None, Firewall, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task None_FullCone() => Cell(None, FullCone, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task None_AddressRestricted() => Cell(None, AddressRestricted, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task None_PortRestricted() => Cell(None, PortRestricted, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task None_Linux() => Cell(None, Linux, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task Firewall_Firewall() => Cell(Firewall, Firewall, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task Firewall_FullCone() => Cell(Firewall, FullCone, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task Firewall_AddressRestricted() => Cell(Firewall, AddressRestricted, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task Firewall_PortRestricted() => Cell(Firewall, PortRestricted, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task Firewall_Linux() => Cell(Firewall, Linux, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");
}
