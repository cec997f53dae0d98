using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Crust.Tests.Architecture;

/// <summary>Writes tiny assemblies with one deliberate mistake each, so that the checks can be seen to catch it.</summary>
internal static class EmittedAssembly
{
    /// <summary>The places where one type can mention another.</summary>
    public static IReadOnlyList<string> Places { get; } =
    [
        "base", "interface", "constraint", "field", "return", "parameter", "local", "catch", "call", "field access", "generic argument",
        "method argument", "array", "function pointer", "attribute", "attribute value", "nested type", "event",
    ];

    /// <summary>
    /// A module with the type <c>{fromNamespace}.Offender</c>, which mentions <c>{toNamespace}.{toName}</c> in the given place and nowhere else.
    /// </summary>
    public static ModuleDefinition Mentioning(string fromNamespace, string toNamespace, string toName, string place)
    {
        var module = ModuleDefinition.CreateModule("Emitted", ModuleKind.Dll);
        var target = Class(module, toNamespace, toName, place == "attribute" ? Import(module, typeof(Attribute)) : module.TypeSystem.Object);
        target.IsInterface = target.IsAbstract = place == "interface";
        var offender = Class(module, fromNamespace, "Offender", place == "base" ? target : module.TypeSystem.Object);
        Mention(module, offender, target, place);
        return Reread(module);
    }

    /// <summary>A module with the type <c>{fromNamespace}.Offender</c>, whose one method calls a static method of the framework.</summary>
    public static ModuleDefinition Calling(string fromNamespace, System.Reflection.MethodBase called)
    {
        var module = ModuleDefinition.CreateModule("Emitted", ModuleKind.Dll);
        var body = Method(module, Class(module, fromNamespace, "Offender", module.TypeSystem.Object)).Body.GetILProcessor();
        body.Emit(called.IsConstructor ? OpCodes.Newobj : OpCodes.Call, module.ImportReference(called));
        return Reread(module);
    }

    /// <summary>A module with the type <c>{fromNamespace}.Offender</c>, which declares a function of a native library.</summary>
    public static ModuleDefinition CallingNative(string fromNamespace, string library)
    {
        var module = ModuleDefinition.CreateModule("Emitted", ModuleKind.Dll);
        var native = new ModuleReference(library);
        module.ModuleReferences.Add(native);
        var offender = Class(module, fromNamespace, "Offender", module.TypeSystem.Object);
        var method = new MethodDefinition("native", MethodAttributes.Static | MethodAttributes.PInvokeImpl, module.TypeSystem.Void)
        {
            PInvokeInfo = new PInvokeInfo(PInvokeAttributes.CallConvCdecl, "native", native),
            IsPreserveSig = true,
        };
        offender.Methods.Add(method);
        return Reread(module);
    }

    /// <summary>A module with one class of the given visibility that derives from a framework type.</summary>
    public static ModuleDefinition Deriving(Type parent, TypeAttributes attributes)
    {
        var module = ModuleDefinition.CreateModule("Emitted", ModuleKind.Dll);
        Class(module, "Emitted", "Derived", Import(module, parent)).Attributes = attributes;
        return Reread(module);
    }

    private static void Mention(ModuleDefinition module, TypeDefinition offender, TypeDefinition target, string place)
    {
        var body = Method(module, offender).Body.GetILProcessor();
        switch (place)
        {
            case "base":
                break;
            case "interface":
                offender.Interfaces.Add(new InterfaceImplementation(target));
                break;
            case "constraint":
                var parameter = new GenericParameter("T", offender);
                parameter.Constraints.Add(new GenericParameterConstraint(target));
                offender.GenericParameters.Add(parameter);
                break;
            case "field":
                offender.Fields.Add(new FieldDefinition("f", FieldAttributes.Private, target));
                break;
            case "return":
                body.Body.Method.ReturnType = target;
                break;
            case "parameter":
                body.Body.Method.Parameters.Add(new ParameterDefinition(new ByReferenceType(target)));
                break;
            case "local":
                body.Body.Variables.Add(new VariableDefinition(new PointerType(target)));
                break;
            case "catch":
                var instructions = Enumerable.Range(0, 4).Select(_ => body.Create(OpCodes.Nop)).ToArray();
                Array.ForEach(instructions, body.Append);
                body.Body.ExceptionHandlers.Add(new ExceptionHandler(ExceptionHandlerType.Catch)
                {
                    TryStart = instructions[0], TryEnd = instructions[1], HandlerStart = instructions[1], HandlerEnd = instructions[2], CatchType = target,
                });
                break;
            case "call":
                body.Emit(OpCodes.Call, Method(module, target));
                break;
            case "field access":
                var field = new FieldDefinition("f", FieldAttributes.Static | FieldAttributes.Assembly, module.TypeSystem.Int32);
                target.Fields.Add(field);
                body.Emit(OpCodes.Ldsfld, field);
                break;
            case "generic argument":
                body.Body.Variables.Add(new VariableDefinition(new GenericInstanceType(Import(module, typeof(List<>))) { GenericArguments = { target } }));
                break;
            case "method argument":
                var empty = module.ImportReference(typeof(Array).GetMethod(nameof(Array.Empty))!);
                body.Emit(OpCodes.Call, new GenericInstanceMethod(empty) { GenericArguments = { target } });
                break;
            case "array":
                body.Emit(OpCodes.Newarr, target);
                break;
            case "function pointer":
                var pointer = new FunctionPointerType { ReturnType = module.TypeSystem.Void };
                pointer.Parameters.Add(new ParameterDefinition(target));
                offender.Fields.Add(new FieldDefinition("f", FieldAttributes.Private, pointer));
                break;
            case "attribute":
                var constructor = new MethodDefinition(".ctor", MethodAttributes.Public | MethodAttributes.SpecialName | MethodAttributes.RTSpecialName, module.TypeSystem.Void);
                target.Methods.Add(constructor);
                offender.CustomAttributes.Add(new CustomAttribute(constructor));
                break;
            case "attribute value":
                var attribute = new CustomAttribute(module.ImportReference(typeof(System.Diagnostics.DebuggerTypeProxyAttribute).GetConstructor([typeof(Type)])!));
                attribute.ConstructorArguments.Add(new CustomAttributeArgument(Import(module, typeof(Type)), target));
                body.Body.Method.CustomAttributes.Add(attribute);
                break;
            case "nested type":
                var nested = new TypeDefinition("", "<Lambda>d__0", TypeAttributes.NestedPrivate, module.TypeSystem.Object);
                nested.Fields.Add(new FieldDefinition("<>8__1", FieldAttributes.Private, target));
                offender.NestedTypes.Add(nested);
                break;
            case "event":
                offender.Events.Add(new EventDefinition("E", EventAttributes.None, target));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(place), place, "not a place");
        }
    }

    private static TypeDefinition Class(ModuleDefinition module, string @namespace, string name, TypeReference parent)
    {
        var type = new TypeDefinition(@namespace, name, TypeAttributes.NotPublic | TypeAttributes.Class, parent);
        module.Types.Add(type);
        return type;
    }

    private static MethodDefinition Method(ModuleDefinition module, TypeDefinition owner)
    {
        var method = new MethodDefinition("Method", MethodAttributes.Static | MethodAttributes.Assembly, module.TypeSystem.Void);
        owner.Methods.Add(method);
        return method;
    }

    private static TypeReference Import(ModuleDefinition module, Type type) => module.ImportReference(type);

    /// <summary>Through bytes and back, so that the check reads what a compiler could have written.</summary>
    private static ModuleDefinition Reread(ModuleDefinition module)
    {
        var bytes = new MemoryStream();
        module.Write(bytes);
        bytes.Position = 0;
        return ModuleDefinition.ReadModule(bytes);
    }
}
