using Mono.Cecil;

namespace Crust.Tests.Architecture;

/// <summary>One mention of a type or member in compiled code.</summary>
/// <param name="From">The outermost type whose code mentions it: nested and compiler-generated types count as their owner.</param>
/// <param name="Where">The member that mentions it, for the message.</param>
/// <param name="To">The type, or the method or field of it, that is mentioned.</param>
internal readonly record struct CodeReference(TypeDefinition From, string Where, MemberReference To)
{
    /// <summary>The mentioned type, or the one that declares the mentioned member.</summary>
    public TypeReference Type => To as TypeReference ?? To.DeclaringType;

    /// <summary>The namespace of the mentioned type; for a nested type, that of its outermost owner.</summary>
    public string Namespace => Outermost(Type).Namespace;

    /// <inheritdoc/>
    public override string ToString() => $"{From.FullName} ({Where}) → {To.FullName}";

    private static TypeReference Outermost(TypeReference type)
    {
        while (type.DeclaringType is { } owner)
        {
            type = owner;
        }

        return type;
    }
}
