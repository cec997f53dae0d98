using Xunit;
using static Crust.Tests.NatLab.Expected;
using static Crust.Tests.NatLab.RouterKind;

namespace Crust.Tests.NatLab.Matrix;

/// <summary>A caller behind nothing at all.</summary>
[Trait("speed", "slow")]
public sealed class NoneCells(LabCluster cluster, ITestOutputHelper output) : NatCells(cluster, output)
{
    [Fact]
    public Task None_None() => Cell(None, None, Direct);

    [Fact]
    public Task None_Firewall() => Cell(None, Firewall, Direct);

    [Fact]
    public Task None_FullCone() => Cell(None, FullCone, Direct);

    [Fact]
    public Task None_AddressRestricted() => Cell(None, AddressRestricted, Direct);

    [Fact]
    public Task None_PortRestricted() => Cell(None, PortRestricted, Direct);

    [Fact]
    public Task None_Linux() => Cell(None, Linux, Direct);

    [Fact]
    public Task None_SymmetricSequential() => Cell(None, SymmetricSequential, Direct);

    [Fact]
    public Task None_Symmetric() => Cell(None, Symmetric, Direct);
}
