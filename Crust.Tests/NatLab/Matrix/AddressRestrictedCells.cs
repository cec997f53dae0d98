using Xunit;
using static Crust.Tests.NatLab.Expected;
using static Crust.Tests.NatLab.RouterKind;

namespace Crust.Tests.NatLab.Matrix;

/// <summary>A caller behind an address-restricted cone.</summary>
[Trait("speed", "slow")]
public sealed class AddressRestrictedCells(LabCluster cluster, ITestOutputHelper output) : NatCells(cluster, output)
{
    [Fact]
    public Task AddressRestricted_AddressRestricted() => Cell(AddressRestricted, AddressRestricted, Direct);

    [Fact]
    public Task AddressRestricted_PortRestricted() => Cell(AddressRestricted, PortRestricted, Direct);

    [Fact]
    public Task AddressRestricted_Linux() => Cell(AddressRestricted, Linux, Direct);

    [Fact]
    public Task AddressRestricted_SymmetricSequential() => Cell(AddressRestricted, SymmetricSequential, Direct);

    [Fact]
    public Task AddressRestricted_Symmetric() => Cell(AddressRestricted, Symmetric, Direct);
}
