using Xunit;
using static Crust.Tests.NatLab.Expected;
using static Crust.Tests.NatLab.RouterKind;

namespace Crust.Tests.NatLab.Matrix;

/// <summary>A caller behind a stateful firewall.</summary>
[Trait("speed", "slow")]
public sealed class FirewallCells(LabCluster cluster, ITestOutputHelper output) : NatCells(cluster, output)
{
    [Fact]
    public Task Firewall_Firewall() => Cell(Firewall, Firewall, Direct);

    [Fact]
    public Task Firewall_FullCone() => Cell(Firewall, FullCone, Direct);

    [Fact]
    public Task Firewall_AddressRestricted() => Cell(Firewall, AddressRestricted, Direct);

    [Fact]
    public Task Firewall_PortRestricted() => Cell(Firewall, PortRestricted, Direct);

    [Fact]
    public Task Firewall_Linux() => Cell(Firewall, Linux, Direct);

    [Fact]
    public Task Firewall_SymmetricSequential() => Cell(Firewall, SymmetricSequential, Direct);

    [Fact]
    public Task Firewall_Symmetric() => SprayedCell(Firewall, Symmetric);
}
