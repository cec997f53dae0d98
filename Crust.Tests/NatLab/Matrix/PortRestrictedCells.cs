using Xunit;
using static Crust.Tests.NatLab.Expected;
using static Crust.Tests.NatLab.RouterKind;

namespace Crust.Tests.NatLab.Matrix;

/// <summary>A caller behind a port-restricted cone.</summary>
[Trait("speed", "slow")]
public sealed class PortRestrictedCells(LabCluster cluster, ITestOutputHelper output) : NatCells(cluster, output)
{
    [Fact]
    public Task PortRestricted_PortRestricted() => Cell(PortRestricted, PortRestricted, Direct);

    [Fact]
    public Task PortRestricted_Linux() => Cell(PortRestricted, Linux, Direct);

    [Fact]
    public Task PortRestricted_SymmetricSequential() => Cell(PortRestricted, SymmetricSequential, Direct);

    [Fact]
    public Task PortRestricted_Symmetric() => SprayedCell(PortRestricted, Symmetric);
}
