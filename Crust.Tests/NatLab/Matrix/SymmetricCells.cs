using Xunit;
using static Crust.Tests.NatLab.Expected;
using static Crust.Tests.NatLab.RouterKind;

namespace Crust.Tests.NatLab.Matrix;

/// <summary>Both behind symmetric NATs.</summary>
[Trait("speed", "slow")]
public sealed class SymmetricCells(LabCluster cluster, ITestOutputHelper output) : NatCells(cluster, output)
{
    [Fact]
    public Task SymmetricSequential_SymmetricSequential() => Cell(SymmetricSequential, SymmetricSequential, Direct);

    [Fact]
    public Task SymmetricSequential_Symmetric() => Cell(SymmetricSequential, Symmetric, Relayed);

    [Fact]
    public Task Symmetric_Symmetric() => Cell(Symmetric, Symmetric, Relayed);
}
