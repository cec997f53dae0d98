using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Crust.Udp.Linux;

/// <summary>
/// A thread that waits for many sockets (epoll(7)) and for their wake times (timerfd_create(2): microseconds, where a time-out of epoll has
/// milliseconds). The process has few of them, made when they are first needed; they live as long as it.
/// </summary>
internal sealed unsafe class Poller
{
    /// <summary>Most pollers of the process. Ours: one saturates more than 10 Gbit/s.</summary>
    private const int MaxPollers = 4;

    private const int MaxEvents = 64;

    /// <summary>What the timer's event carries; sockets have numbers from 1.</summary>
    private const long TimerKey = 0;

    private const int NanosecondsInSecond = 1_000_000_000;
    private const int NanosecondsInTick = 100;

    private static readonly Poller?[] Pollers = new Poller?[Math.Min(Environment.ProcessorCount, MaxPollers)];
    private static int _lastPoller;

    /// <summary><c>struct epoll_event</c>: events(4) data(8), packed on x86-64 alone.</summary>
    private static readonly int EventLength = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly ConcurrentDictionary<long, LinuxDatagramSocket> _sockets = new();
    private readonly WakeHeap _wakes = new();
    private readonly Lock _wakeLock = new();
    private readonly Receiver _receiver = new();
    private readonly int _poll;
    private readonly int _timer;
    private long _lastKey;

    /// <summary>What the timer is set to; later than the earliest wake never. Under the lock.</summary>
    private long _timerAt = long.MaxValue;

    private Poller(int index)
    {
        _poll = Check(LibC.PollCreate(LibC.CloseOnExec));
        _timer = Check(LibC.TimerCreate(LibC.MonotonicClock, LibC.CloseOnExec | LibC.NonBlocking));
        var timer = Event(LibC.PollIn | LibC.PollEdge, TimerKey);
        Check(LibC.PollControl(_poll, LibC.PollAdd, _timer, (byte*)&timer));
        new Thread(Run) { IsBackground = true, Name = $"Crust UDP {index}" }.UnsafeStart();
    }

    /// <summary>The poller whose turn it is to get a socket.</summary>
    internal static Poller Next()
    {
        lock (Pollers)
        {
            var index = _lastPoller = (_lastPoller + 1) % Pollers.Length;
            return Pollers[index] ??= new Poller(index);
        }
    }

    internal void Add(LinuxDatagramSocket socket, SafeSocketHandle handle)
    {
        socket.PollKey = Interlocked.Increment(ref _lastKey);
        _sockets[socket.PollKey] = socket;
        var ready = Event(LibC.PollIn, socket.PollKey);
        Check(LibC.PollControl(_poll, LibC.PollAdd, handle, (byte*)&ready));
    }

    /// <summary>Forgets a socket: an event that was already reported finds nobody.</summary>
    internal void Remove(LinuxDatagramSocket socket, SafeSocketHandle handle)
    {
        if (!_sockets.TryRemove(socket.PollKey, out _))
            return;
        lock (_wakeLock)
            _wakes.Remove(socket);
        try
        {
            var none = Event(0, 0);
            _ = LibC.PollControl(_poll, LibC.PollDelete, handle, (byte*)&none);
        }
        catch (ObjectDisposedException)
        {
            // Closing took it out of the set.
        }
    }

    /// <summary>Whether the socket's being writable is to be reported.</summary>
    internal void AwaitRoom(LinuxDatagramSocket socket, SafeSocketHandle handle, bool awaits)
    {
        var ready = Event(LibC.PollIn | (awaits ? LibC.PollOut : 0), socket.PollKey);
        try
        {
            _ = LibC.PollControl(_poll, LibC.PollModify, handle, (byte*)&ready);
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }

    internal void WakeAfter(LinuxDatagramSocket socket, TimeSpan delay)
    {
        var at = Stopwatch.GetTimestamp() + Math.Max(delay.Ticks, 0) * NanosecondsInTick;
        lock (_wakeLock)
        {
            if (!_sockets.ContainsKey(socket.PollKey))
                return;
            _wakes.Set(socket, at);
            SetTimer();
        }
    }

    private void Run()
    {
        var events = stackalloc byte[MaxEvents * 16];
        while (true)
        {
            var count = LibC.PollWait(_poll, events, MaxEvents, -1);
            for (var i = 0; i < count; i++)
            {
                var ready = events + i * EventLength;
                var key = *(long*)(ready + EventLength - sizeof(long));
                if (key == TimerKey)
                    Wake();
                else if (_sockets.TryGetValue(key, out var socket))
                    socket.HandleReady(*(uint*)ready, _receiver);
            }
        }
    }

    private void Wake()
    {
        lock (_wakeLock)
            _timerAt = long.MaxValue;
        var now = Stopwatch.GetTimestamp();
        while (true)
        {
            LinuxDatagramSocket? due;
            lock (_wakeLock)
            {
                due = _wakes.Take(now);
                if (due is null)
                {
                    SetTimer();
                    return;
                }
            }

            due.HandleWake();
        }
    }

    /// <summary>Sets the timer when the earliest wake is earlier than it. Under the lock.</summary>
    private void SetTimer()
    {
        var earliest = _wakes.Earliest;
        if (earliest >= _timerAt)
            return;
        _timerAt = earliest;
        // Stopwatch counts the nanoseconds of CLOCK_MONOTONIC.
        var setting = stackalloc long[4] { 0, 0, earliest / NanosecondsInSecond, earliest % NanosecondsInSecond };
        _ = LibC.TimerSet(_timer, LibC.AbsoluteTime, setting, null);
    }

    private static Int128 Event(uint events, long key)
    {
        Int128 room = 0;
        var bytes = (byte*)&room;
        *(uint*)bytes = events;
        *(long*)(bytes + EventLength - sizeof(long)) = key;
        return room;
    }

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());
}
