using Mono.Cecil;

namespace Crust.Tests.Architecture;

/// <summary>
/// What only some rooms may touch outside the library. The banned-API analyzer says the same of the source while it is written; this says it
/// of what was compiled, generated code included.
/// </summary>
internal static class PurityRules
{
    private const string CryptographyRoom = "Cryptography";

    /// <summary>Plain values of the sockets namespace: an address family is a number, not a socket.</summary>
    private static readonly string[] SocketValues = ["AddressFamily", "SocketError", "ProtocolType", "SocketType"];

    private static readonly string[] ImpureNamespaces =
        ["System.Threading.Channels", "System.Timers", "Microsoft.Extensions.Logging", "System.Net.NetworkInformation", "System.Net.Http"];

    private static readonly string[] ImpureTypes =
    [
        "System.TimeProvider", "System.Diagnostics.Stopwatch",
        .. InThreading("Barrier", "CountdownEvent", "EventWaitHandle", "AutoResetEvent", "ITimer", "Lock", "ManualResetEvent", "ManualResetEventSlim",
            "Monitor", "Mutex", "PeriodicTimer", "ReaderWriterLock", "ReaderWriterLockSlim", "Semaphore", "SemaphoreSlim", "SpinLock", "SpinWait",
            "Thread", "ThreadPool", "Timer", "WaitHandle"),
        .. InThreading("Tasks.Parallel", "Tasks.Task", "Tasks.Task`1", "Tasks.TaskCompletionSource", "Tasks.TaskCompletionSource`1", "Tasks.TaskFactory",
            "Tasks.TaskScheduler"),
        // A contract may promise a ValueTask (ITransport does); a body that awaits is a driver's.
        "System.Runtime.CompilerServices.IAsyncStateMachine",
    ];

    private static readonly string[] ImpureMembers =
    [
        "System.DateTime::get_Now", "System.DateTime::get_UtcNow", "System.DateTime::get_Today", "System.DateTimeOffset::get_Now",
        "System.DateTimeOffset::get_UtcNow", "System.Environment::get_TickCount", "System.Environment::get_TickCount64",
        "System.Random::get_Shared", "System.Random::.ctor", "System.Guid::NewGuid", "System.Guid::CreateVersion7",
    ];

    /// <summary>Why code in this room must not mention this, or null when it may.</summary>
    public static string? Objection(Room room, CodeReference reference)
    {
        if (room.Name != CryptographyRoom && IsCryptography(reference))
        {
            return "only Crust.Cryptography names libsodium or System.Security.Cryptography";
        }

        return room.Kind == RoomKind.Pure && IsImpure(reference) ? "a pure room has no sockets, tasks, threads, locks, clocks, randomness or loggers" : null;
    }

    /// <summary>Why a room must not declare this method of a native library, or null when it may.</summary>
    public static string? Objection(Room room, PInvokeInfo native) => (room, native.Module.Name.Contains("sodium", StringComparison.OrdinalIgnoreCase)) switch
    {
        ({ Name: not CryptographyRoom }, true) => "only Crust.Cryptography calls libsodium",
        ({ Kind: RoomKind.Pure, Name: not CryptographyRoom }, false) => "a pure room does not call the operating system",
        _ => null,
    };

    private static bool IsCryptography(CodeReference reference) =>
        Within(reference.Namespace, "System.Security.Cryptography") || Within(reference.Namespace, "Sodium");

    private static bool IsImpure(CodeReference reference) =>
        (Within(reference.Namespace, "System.Net.Sockets") && !SocketValues.Contains(reference.Type.Name))
        || ImpureNamespaces.Any(prefix => Within(reference.Namespace, prefix))
        || ImpureTypes.Contains(reference.Type.FullName)
        || (reference.To is MethodReference method && ImpureMembers.Contains($"{method.DeclaringType.FullName}::{method.Name}"));

    private static bool Within(string @namespace, string prefix) =>
        @namespace == prefix || @namespace.StartsWith(prefix + ".", StringComparison.Ordinal);

    private static IEnumerable<string> InThreading(params string[] names) => names.Select(name => $"System.Threading.{name}");
}
