using Xunit;
using static Crust.Tests.NatLab.Expected;
using static Crust.Tests.NatLab.RouterKind;

namespace Crust.Tests.NatLab.Matrix;

/// <summary>Neither site lets UDP out; the caller has a NAT that keeps its mapping.</summary>
[Trait("speed", "slow")]
public sealed class UdpBlockedConeCells(LabCluster cluster, ITestOutputHelper output) : NatCells(cluster, output)
{
    [Fact]
    public Task FullCone_FullCone() => Cell(FullCone, FullCone, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task FullCone_AddressRestricted() => Cell(FullCone, AddressRestricted, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task FullCone_PortRestricted() => Cell(FullCone, PortRestricted, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task FullCone_Linux() => Cell(FullCone, Linux, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task AddressRestricted_AddressRestricted() => Cell(AddressRestricted, AddressRestricted, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task AddressRestricted_PortRestricted() => Cell(AddressRestricted, PortRestricted, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task AddressRestricted_Linux() => Cell(AddressRestricted, Linux, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task PortRestricted_PortRestricted() => Cell(PortRestricted, PortRestricted, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task PortRestricted_Linux() => Cell(PortRestricted, Linux, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");

    [Fact]
    public Task Linux_Linux() => Cell(Linux, Linux, DirectByTcp, Restriction.UdpBlocked, "udp-blocked");
}
