using FluentAssertions;
using Xunit;

namespace Crust.Tests.Architecture;

/// <summary>The library as compiled keeps to its rooms.</summary>
public sealed class LayeringTests
{
    [Fact]
    public void EveryType_StandsInAKnownRoom()
    {
        using var crust = CompiledAssembly.Open("Crust");
        LayeringCheck.TypesWithoutRoom(crust).Should().BeEmpty();
    }

    [Fact]
    public void Rooms_ImportDownwardOnly()
    {
        using var crust = CompiledAssembly.Open("Crust");
        LayeringCheck.Imports(crust, RoomTable.MayImport).Distinct().Should().BeEmpty();
    }

    [Fact]
    public void OnlyDrivers_TouchTheOperatingSystem()
    {
        using var crust = CompiledAssembly.Open("Crust");
        LayeringCheck.Impurities(crust).Distinct().Should().BeEmpty();
    }

    [Fact]
    public void OnlyCrust_NamesLibsodium()
    {
        foreach (var name in CompiledAssembly.Shipped.Except(["Crust"]))
        {
            using var module = CompiledAssembly.Open(name);
            CodeReferences.Of(module).Where(r => r.Namespace == "Sodium" || r.Namespace.StartsWith("Sodium.", StringComparison.Ordinal))
                .Should().BeEmpty($"{name} reaches cryptography through Crust");
            module.ModuleReferences.Should().NotContain(native => native.Name.Contains("sodium", StringComparison.OrdinalIgnoreCase));
        }
    }
}
