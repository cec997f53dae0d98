using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Crust.Tests.NatLab;

/// <summary>
/// A network namespace (namespaces(7)): a host of its own with loopback, its interfaces, routes and rules. At disposal its processes are killed and it is
/// gone with all that is in it; what a killed test process left behind is cleared by the next one. Linux, root, iproute2.
/// </summary>
internal sealed partial class NetworkNamespace : IDisposable
{
    private const string Prefix = "crust-";

    private const int CloneNewNet = 0x4000_0000;

    private static readonly Lazy<string?> WhyNot = new(Probe);

    private static int _made;

    private bool _disposed;

    /// <param name="label">What it is in the test, in letters: it is part of the name.</param>
    internal NetworkNamespace(string label)
    {
        Name = $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _made)}-{label}";
        SystemCommand.Run("ip", ["netns", "add", Name]);
        try
        {
            Ip("link", "set", "lo", "up");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>As <c>ip netns</c> knows it.</summary>
    internal string Name { get; }

    /// <summary>Why there are none here; null when there are.</summary>
    internal static string? Obstacle => WhyNot.Value;

    /// <summary>Runs <c>ip</c> with these arguments in it.</summary>
    internal string Ip(params string[] arguments) => SystemCommand.Run("ip", ["-n", Name, .. arguments]);

    /// <summary>Runs many <c>ip</c> commands in it, one a line.</summary>
    internal void IpBatch(string commands) => SystemCommand.Run("ip", ["-n", Name, "-batch", "-"], commands);

    /// <summary>Sets a switch of its network stack, as below <c>/proc/sys/net</c>.</summary>
    internal void Set(string name, int value) => Inside(() =>
    {
        File.WriteAllText(Path.Combine("/proc/sys/net", name), $"{value}");
        return true;
    });

    /// <summary>The same, if this kernel has the switch.</summary>
    internal void TrySet(string name, int value) => Inside(() =>
    {
        var path = Path.Combine("/proc/sys/net", name);
        if (!File.Exists(path))
            return false;
        File.WriteAllText(path, $"{value}");
        return true;
    });

    /// <summary>Runs a command in it, to its end; what it wrote.</summary>
    internal string Run(string command, params string[] arguments) =>
        SystemCommand.Run("ip", ["netns", "exec", Name, SystemCommand.Find(command), .. arguments]);

    /// <summary>How to start a command in it that goes on: <c>ip</c> becomes the command, so that the process's number is the command's.</summary>
    internal ProcessStartInfo Prepare(string command, params string[] arguments) =>
        new(SystemCommand.Find("ip"), ["netns", "exec", Name, command, .. arguments]);

    /// <summary>Adds nftables rules, written as for <c>nft -f</c>.</summary>
    internal void ApplyRules(string rules) =>
        SystemCommand.Run("ip", ["netns", "exec", Name, SystemCommand.Find("nft"), "-f", "-"], rules);

    /// <summary>Drops every datagram (<c>udp</c>) or segment (<c>tcp</c>) that comes or goes, as a firewall does that answers nothing.</summary>
    internal void Block(string protocol) => ApplyRules(
        $$"""
        table inet block-{{protocol}} {
          chain in { type filter hook input priority 0; meta l4proto {{protocol}} counter drop; }
          chain through { type filter hook forward priority 0; meta l4proto {{protocol}} counter drop; }
          chain out { type filter hook output priority 0; meta l4proto {{protocol}} counter drop; }
        }

        """);

    /// <summary>
    /// Calls a function on a thread that is in it. Sockets made there belong to it for good, whichever thread uses them later. The function must
    /// start no thread and queue no work: a new thread is where its maker is, and one of the pool's would stay in there.
    /// </summary>
    internal T Inside<T>(Func<T> function)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        // A thread of its own, which ends: none of the pool's may stay in there.
        var thread = new Thread(() =>
        {
            try
            {
                Enter();
                result = function();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Remove(Name);
    }

    private void Enter()
    {
        using var handle = File.OpenHandle($"/run/netns/{Name}");
        if (SetNamespace(handle.DangerousGetHandle().ToInt32(), CloneNewNet) != 0)
            throw new InvalidOperationException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    private static void Remove(string name)
    {
        if (SystemCommand.TryRun("ip", ["netns", "pids", name], "", out var processes))
        {
            foreach (var line in processes.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                Kill(int.Parse(line, CultureInfo.InvariantCulture));
        }

        SystemCommand.TryRun("ip", ["netns", "delete", name], "", out _);
    }

    private static void Kill(int id)
    {
        // This process is in the list while one of its threads is inside.
        if (id == Environment.ProcessId)
            return;
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
            process.WaitForExit();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private static string? Probe()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            return "Network namespaces need Linux and root.";
        if (!SystemCommand.TryRun("ip", ["netns", "list"], "", out var listing))
            return $"Network namespaces need iproute2: {listing.Trim()}";
        foreach (var line in listing.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (IsLeftBehind(line.Split(' ')[0]))
                Remove(line.Split(' ')[0]);
        }

        try
        {
            using var probe = new NetworkNamespace("probe");
            return null;
        }
        catch (InvalidOperationException e)
        {
            return $"This machine makes no network namespaces: {e.Message.Trim()}";
        }
    }

    /// <summary>Whether it was made by a process that is no more.</summary>
    private static bool IsLeftBehind(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal)
        && int.TryParse(name[Prefix.Length..].Split('-')[0], CultureInfo.InvariantCulture, out var maker)
        && !Directory.Exists($"/proc/{maker}");

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int descriptor, int kind);
}
