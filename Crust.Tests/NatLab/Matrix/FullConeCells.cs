using Xunit;
using static Crust.Tests.NatLab.Expected;
using static Crust.Tests.NatLab.RouterKind;

namespace Crust.Tests.NatLab.Matrix;

/// <summary>A caller behind a full cone.</summary>
[Trait("speed", "slow")]
public sealed class FullConeCells(LabCluster cluster, ITestOutputHelper output) : NatCells(cluster, output)
{
    [Fact]
    public Task FullCone_FullCone() => Cell(FullCone, FullCone, Direct);

    [Fact]
    public Task FullCone_AddressRestricted() => Cell(FullCone, AddressRestricted, Direct);

    [Fact]
    public Task FullCone_PortRestricted() => Cell(FullCone, PortRestricted, Direct);

    [Fact]
    public Task FullCone_Linux() => Cell(FullCone, Linux, Direct);

    [Fact]
    public Task FullCone_SymmetricSequential() => Cell(FullCone, SymmetricSequential, Direct);

    [Fact]
    public Task FullCone_Symmetric() => Cell(FullCone, Symmetric, Direct);
}
