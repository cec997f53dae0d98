using Mono.Cecil;

namespace Crust.Tests.Architecture;

/// <summary>Opens the product's assemblies as they lie beside the tests.</summary>
internal static class CompiledAssembly
{
    /// <summary>The assemblies that ship, without extension.</summary>
    public static IReadOnlyList<string> Shipped { get; } =
        ["Crust", "Crust.Grains.Abstractions", "Crust.Grains", "Crust.Client", "Crust.Gateway", "Crust.Silo"];

    /// <summary>Reads an assembly; the caller disposes it. References resolve against the tests' folder and the running framework.</summary>
    public static ModuleDefinition Open(string name)
    {
        var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(AppContext.BaseDirectory);
        return ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, name + ".dll"), new ReaderParameters { AssemblyResolver = resolver });
    }
}
