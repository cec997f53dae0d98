using Xunit;
using static Crust.Tests.NatLab.Expected;
using static Crust.Tests.NatLab.RouterKind;

namespace Crust.Tests.NatLab.Matrix;

/// <summary>A caller behind a Linux router.</summary>
[Trait("speed", "slow")]
public sealed class LinuxCells(LabCluster cluster, ITestOutputHelper output) : NatCells(cluster, output)
{
    [Fact]
    public Task Linux_Linux() => Cell(Linux, Linux, Direct);

    [Fact]
    public Task Linux_SymmetricSequential() => Cell(Linux, SymmetricSequential, Direct);

    [Fact]
    public Task Linux_Symmetric() => SprayedCell(Linux, Symmetric);
}
