using Mono.Cecil;

namespace Crust.Tests.Architecture;

/// <summary>Judges a compiled module against a table of rooms. Each violation is a sentence that names the code, the rule and the culprit.</summary>
internal static class LayeringCheck
{
    /// <summary>Types that the table has no room for. What a compiler or generator adds outside <c>Crust</c> is nobody's.</summary>
    public static IEnumerable<string> TypesWithoutRoom(ModuleDefinition module) => module.Types
        .Where(type => RoomTable.Of(type.Namespace) is null && !IsGenerated(type))
        .Select(type => $"{type.FullName} stands in no room: give its namespace a floor in {nameof(RoomTable)}, as the architecture describes it");

    /// <summary>Imports against the table.</summary>
    /// <param name="module">The compiled library.</param>
    /// <param name="mayImport">The rule; tests of this check pass a wrong one.</param>
    public static IEnumerable<string> Imports(ModuleDefinition module, Func<Room, Room, bool> mayImport) =>
        from reference in CodeReferences.Of(module)
        let @from = RoomTable.Of(reference.From.Namespace)
        let to = RoomTable.Of(reference.Namespace)
        where @from is not null && to is not null && !mayImport(@from.Value, to.Value)
        select $"{@from.Value.Name} must not import {to.Value.Name}: {reference}";

    /// <summary>Mentions of the outside world where a room must not have them.</summary>
    public static IEnumerable<string> Impurities(ModuleDefinition module)
    {
        var mentions =
            from reference in CodeReferences.Of(module)
            let room = RoomTable.Of(reference.From.Namespace)
            where room is not null
            let objection = PurityRules.Objection(room.Value, reference)
            where objection is not null
            select $"{objection}: {reference}";
        var natives =
            from type in module.GetTypes()
            from method in type.Methods
            where method.HasPInvokeInfo
            let room = RoomTable.Of(Outermost(type).Namespace)
            where room is not null
            let objection = PurityRules.Objection(room.Value, method.PInvokeInfo)
            where objection is not null
            select $"{objection}: {method.FullName} of {method.PInvokeInfo.Module.Name}";
        return mentions.Concat(natives);
    }

    private static bool IsGenerated(TypeDefinition type) => type.Name.StartsWith('<')
        || (!type.Namespace.StartsWith("Crust", StringComparison.Ordinal)
            && type.CustomAttributes.Any(a => a.AttributeType.Name is "CompilerGeneratedAttribute" or "GeneratedCodeAttribute" or "EmbeddedAttribute"));

    private static TypeDefinition Outermost(TypeDefinition type) => type.DeclaringType is { } owner ? Outermost(owner) : type;
}
