using FluentAssertions;
using Mono.Cecil;
using Xunit;

namespace Crust.Tests.Architecture;

/// <summary>
/// The libraries never block on a task, and nothing that ships is <c>async void</c>. Judged on compiled code: a property that happens to be called
/// <c>Result</c> is no offence, an async lambda given to an event is one.
/// </summary>
public sealed class BlockingCallTests
{
    private static readonly string[] Tasks =
        ["System.Threading.Tasks.Task", "System.Threading.Tasks.Task`1", "System.Threading.Tasks.ValueTask", "System.Threading.Tasks.ValueTask`1"];

    [Theory]
    [InlineData("Crust")]
    [InlineData("Crust.Client")]
    public void Libraries_NeverBlockOnATask(string assembly)
    {
        using var module = CompiledAssembly.Open(assembly);
        Blocking(module).Should().BeEmpty("a caller's thread is not ours to hold: await instead");
    }

    [Fact]
    public void NothingThatShips_IsAsyncVoid()
    {
        foreach (var name in CompiledAssembly.Shipped)
        {
            using var module = CompiledAssembly.Open(name);
            AsyncVoid(module).Should().BeEmpty($"an exception in an async void of {name} would end the process");
        }
    }

    [Fact]
    public void TheCheck_CatchesEachWayToBlock()
    {
        System.Reflection.MethodBase[] blocking =
        [
            typeof(Task).GetMethod(nameof(Task.Wait), [])!,
            typeof(Task).GetMethod(nameof(Task.WaitAll), [typeof(Task[])])!,
            typeof(Task<int>).GetProperty("Result")!.GetMethod!,
            typeof(ValueTask<int>).GetProperty("Result")!.GetMethod!,
            typeof(System.Runtime.CompilerServices.TaskAwaiter).GetMethod("GetResult")!,
            typeof(System.Runtime.CompilerServices.ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter).GetMethod("GetResult")!,
        ];
        foreach (var method in blocking)
        {
            using var module = EmittedAssembly.Calling("Crust.Udp", method);
            Blocking(module).Should().ContainSingle($"{method.DeclaringType}.{method.Name} blocks");
        }
    }

    [Fact]
    public void TheCheck_SeesAsyncVoidInThisVeryAssembly()
    {
        using var module = CompiledAssembly.Open("Crust.Tests");
        AsyncVoid(module).Should().Contain(found => found.Contains(nameof(TheCheck_SeesAsyncVoidInThisVeryAssembly)));
        Action started = async () => await Task.CompletedTask;
        started.Should().NotBeNull("its compiled form is what the check finds");
    }

    /// <summary>Calls that block. GetResult of an awaiter is how a state machine reads what it has awaited, so it counts outside of those alone.</summary>
    private static IEnumerable<string> Blocking(ModuleDefinition module) =>
        from type in module.GetTypes()
        let isStateMachine = type.Interfaces.Any(i => i.InterfaceType.Name == "IAsyncStateMachine")
        from method in type.Methods
        where method.HasBody
        from instruction in method.Body.Instructions
        let called = instruction.Operand as MethodReference
        where called is not null && (IsWait(called) || (IsAwaiterResult(called) && !isStateMachine))
        select $"{method.FullName} calls {called.FullName}";

    private static bool IsWait(MethodReference called) =>
        Tasks.Contains(called.DeclaringType.GetElementType().FullName) && called.Name is "Wait" or "WaitAll" or "WaitAny" or "get_Result";

    private static bool IsAwaiterResult(MethodReference called) =>
        called.Name == "GetResult" && called.DeclaringType.GetElementType().Name.TrimEnd('1', '`') is
            "TaskAwaiter" or "ValueTaskAwaiter" or "ConfiguredTaskAwaiter" or "ConfiguredValueTaskAwaiter";

    private static IEnumerable<string> AsyncVoid(ModuleDefinition module) => CodeReferences.Of(module)
        .Where(reference => reference.Type.FullName == "System.Runtime.CompilerServices.AsyncVoidMethodBuilder")
        .Select(reference => $"{reference.From.FullName} ({reference.Where})").Distinct();
}
