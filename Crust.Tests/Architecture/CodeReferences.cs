using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Crust.Tests.Architecture;

/// <summary>
/// Lists every type and member that a compiled type mentions: bases, interfaces, constraints, signatures, fields, attributes, locals, caught
/// exceptions, generic arguments and instruction operands, also inside nested and compiler-generated types. Constants are not seen: the compiler
/// has copied their value and dropped the name.
/// </summary>
internal static class CodeReferences
{
    /// <summary>All mentions in a module, attributed to the outermost type.</summary>
    public static IEnumerable<CodeReference> Of(ModuleDefinition module) => module.Types.SelectMany(Of);

    /// <summary>All mentions in a type and the types nested in it.</summary>
    public static IEnumerable<CodeReference> Of(TypeDefinition type) =>
        WithNested(type).SelectMany(part => Mentions(part).Select(mention => new CodeReference(type, mention.Where, mention.To)));

    private static IEnumerable<TypeDefinition> WithNested(TypeDefinition type) => type.NestedTypes.SelectMany(WithNested).Prepend(type);

    private static IEnumerable<(string Where, MemberReference To)> Mentions(TypeDefinition type)
    {
        var header = Spread(type.BaseType)
            .Concat(type.Interfaces.SelectMany(i => Spread(i.InterfaceType).Concat(Attributes(i))))
            .Concat(Attributes(type))
            .Concat(Generics(type));
        return Label(type.Name, header)
            .Concat(type.Fields.SelectMany(field => Label($"{type.Name}.{field.Name}", Spread(field.FieldType).Concat(Attributes(field)))))
            .Concat(type.Properties.SelectMany(property => Label($"{type.Name}.{property.Name}", Attributes(property))))
            .Concat(type.Events.SelectMany(e => Label($"{type.Name}.{e.Name}", Spread(e.EventType).Concat(Attributes(e)))))
            .Concat(type.Methods.SelectMany(method => Label($"{type.Name}.{method.Name}", Mentions(method))));
    }

    private static IEnumerable<MemberReference> Mentions(MethodDefinition method)
    {
        var signature = Signature(method).Concat(method.Overrides.SelectMany(Spread)).Concat(Attributes(method)).Concat(Generics(method))
            .Concat(Attributes(method.MethodReturnType)).Concat(method.Parameters.SelectMany(Attributes));
        if (!method.HasBody)
        {
            return signature;
        }

        return signature
            .Concat(method.Body.Variables.SelectMany(local => Spread(local.VariableType)))
            .Concat(method.Body.ExceptionHandlers.SelectMany(handler => Spread(handler.CatchType)))
            .Concat(method.Body.Instructions.SelectMany(Operand));
    }

    private static IEnumerable<MemberReference> Operand(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => Spread(type),
        MethodReference method => Spread(method),
        FieldReference field => Spread(field.DeclaringType).Concat(Spread(field.FieldType)).Append(field),
        CallSite call => Signature(call),
        _ => [],
    };

    /// <summary>A method as mentioned: itself, its owner, its signature and its type arguments.</summary>
    private static IEnumerable<MemberReference> Spread(MethodReference method)
    {
        var arguments = method is GenericInstanceMethod generic ? generic.GenericArguments.SelectMany(Spread) : [];
        return Spread(method.DeclaringType).Concat(Signature(method)).Concat(arguments).Append(method.GetElementMethod());
    }

    private static IEnumerable<MemberReference> Signature(IMethodSignature signature) =>
        Spread(signature.ReturnType).Concat(signature.Parameters.SelectMany(parameter => Spread(parameter.ParameterType)));

    /// <summary>A type as mentioned: arrays, pointers, references and generic instances are taken apart.</summary>
    private static IEnumerable<MemberReference> Spread(TypeReference? type) => type switch
    {
        null or GenericParameter => [],
        GenericInstanceType generic => Spread(generic.ElementType).Concat(generic.GenericArguments.SelectMany(Spread)),
        FunctionPointerType pointer => Signature(pointer),
        RequiredModifierType required => Spread(required.ElementType).Concat(Spread(required.ModifierType)),
        OptionalModifierType optional => Spread(optional.ElementType).Concat(Spread(optional.ModifierType)),
        TypeSpecification wrapped => Spread(wrapped.ElementType),
        _ => [type],
    };

    private static IEnumerable<MemberReference> Generics(IGenericParameterProvider owner) => owner.GenericParameters.SelectMany(parameter =>
        parameter.Constraints.SelectMany(c => Spread(c.ConstraintType).Concat(Attributes(c))).Concat(Attributes(parameter)));

    private static IEnumerable<MemberReference> Attributes(ICustomAttributeProvider owner) => owner.CustomAttributes.SelectMany(attribute =>
        Spread(attribute.Constructor).Concat(attribute.ConstructorArguments
            .Concat(attribute.Properties.Select(named => named.Argument))
            .Concat(attribute.Fields.Select(named => named.Argument))
            .SelectMany(Argument)));

    private static IEnumerable<MemberReference> Argument(CustomAttributeArgument argument) => Spread(argument.Type).Concat(argument.Value switch
    {
        TypeReference type => Spread(type),
        CustomAttributeArgument boxed => Argument(boxed),
        CustomAttributeArgument[] items => items.SelectMany(Argument),
        _ => [],
    });

    private static IEnumerable<(string Where, MemberReference To)> Label(string where, IEnumerable<MemberReference> mentions) =>
        mentions.Select(to => (where, to));
}
