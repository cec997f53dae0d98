using FluentAssertions;
using Mono.Cecil;
using Xunit;

namespace Crust.Tests.Architecture;

/// <summary>What ships can be compiled ahead of time (decision 039): no type keeps a 128-bit integer, for the compiler leaves out every method that touches such a type.</summary>
public sealed class AheadOfTimeTests
{
    private static readonly string[] LeftOut = ["System.UInt128", "System.Int128"];

    [Fact]
    public void NoType_HasAFieldOf128Bits()
    {
        foreach (var name in CompiledAssembly.Shipped)
        {
            using var module = CompiledAssembly.Open(name);
            Offenders(module).Should().BeEmpty($"methods of {name} would wait for the compiler when they first run: Bits128 is not left out");
        }
    }

    [Fact]
    public void TheCheck_CatchesSuchAField()
    {
        using var module = CompiledAssembly.Open("Crust.Tests");
        Offenders(module).Should().Contain(field => field.EndsWith(nameof(Offence) + "::_value", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Offenders(ModuleDefinition module) =>
        from type in module.GetTypes()
        from field in type.Fields
        where LeftOut.Contains(field.FieldType.FullName)
        select field.FullName;

    private sealed class Offence(UInt128 value)
    {
        private readonly UInt128 _value = value;

        public override string ToString() => _value.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
