using FluentAssertions;
using Mono.Cecil;
using Orleans;
using Xunit;

namespace Crust.Tests.Architecture;

/// <summary>Grains are reached through their interfaces: the classes behind them are <c>internal sealed</c>.</summary>
public sealed class GrainClassTests
{
    [Fact]
    public void GrainClasses_AreInternalAndSealed()
    {
        foreach (var name in CompiledAssembly.Shipped)
        {
            using var module = CompiledAssembly.Open(name);
            Offenders(module).Should().BeEmpty($"the grain classes of {name} are internal sealed");
        }
    }

    [Theory]
    [InlineData(TypeAttributes.Public | TypeAttributes.Sealed, true)]
    [InlineData(TypeAttributes.NotPublic, true)]
    [InlineData(TypeAttributes.NotPublic | TypeAttributes.Sealed, false)]
    [InlineData(TypeAttributes.NotPublic | TypeAttributes.Abstract, false)]
    public void TheCheck_SeesWhatAClassDeclares(TypeAttributes attributes, bool offends)
    {
        using var module = EmittedAssembly.Deriving(typeof(Grain), attributes | TypeAttributes.Class);
        Offenders(module).Any().Should().Be(offends);
    }

    private static IEnumerable<string> Offenders(ModuleDefinition module) => module.GetTypes()
        .Where(type => type.IsClass && IsGrain(type) && (type.IsPublic || type.IsNestedPublic || !(type.IsSealed || type.IsAbstract)))
        .Select(type => type.FullName);

    /// <summary>Derives from Grain or implements IGrainBase; the proxies that Orleans generates do neither.</summary>
    private static bool IsGrain(TypeDefinition type)
    {
        for (var current = type; current is not null; current = current.BaseType?.Resolve())
        {
            if (current.BaseType?.FullName is "Orleans.Grain" || current.Interfaces.Any(i => i.InterfaceType.FullName == "Orleans.IGrainBase"))
            {
                return true;
            }
        }

        return false;
    }
}
