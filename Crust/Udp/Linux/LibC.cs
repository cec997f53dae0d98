using System.Runtime.InteropServices;

namespace Crust.Udp.Linux;

/// <summary>The calls of the C library that move datagrams and wait for them; errors come as errno. 64-bit Linux, little endian.</summary>
internal static unsafe partial class LibC
{
    internal const int DontWait = 0x40;
    internal const int ErrorQueue = 0x2000;
    internal const int Truncated = 0x20;

    internal const uint PollIn = 0x1;
    internal const uint PollOut = 0x4;
    internal const uint PollError = 0x8;
    internal const uint PollEdge = 1u << 31;

    internal const int PollAdd = 1;
    internal const int PollDelete = 2;
    internal const int PollModify = 3;

    internal const int CloseOnExec = 0x80000;
    internal const int NonBlocking = 0x800;
    internal const int MonotonicClock = 1;
    internal const int AbsoluteTime = 1;

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    internal static partial nint SendMessage(SafeHandle socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "sendmmsg", SetLastError = true)]
    internal static partial int SendMessages(SafeHandle socket, BatchedMessage* messages, uint count, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    internal static partial nint ReceiveMessage(SafeHandle socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    internal static partial int ReceiveMessages(SafeHandle socket, BatchedMessage* messages, uint count, int flags, void* timeout);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    internal static partial int PollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    internal static partial int PollControl(int poll, int operation, SafeHandle socket, byte* pollEvent);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    internal static partial int PollControl(int poll, int operation, int descriptor, byte* pollEvent);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    internal static partial int PollWait(int poll, byte* events, int count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "timerfd_create", SetLastError = true)]
    internal static partial int TimerCreate(int clock, int flags);

    /// <param name="timer">The descriptor.</param>
    /// <param name="flags">Whether the time is absolute.</param>
    /// <param name="setting">Interval in seconds and nanoseconds, then the time in seconds and nanoseconds.</param>
    /// <param name="previous">Null.</param>
    [LibraryImport("libc", EntryPoint = "timerfd_settime", SetLastError = true)]
    internal static partial int TimerSet(int timer, int flags, long* setting, long* previous);
}
