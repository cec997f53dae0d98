using System.Diagnostics;
using System.Globalization;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// The processes of <see cref="IdleMemoryScenario"/>: <c>hold KIND COUNT</c> opens sessions, measures itself and prints one figure;
/// <c>far KIND COUNT</c> holds the far ends of some of them, prints where they are, one line each, and stays until its input ends.
/// </summary>
internal static class IdleMemoryProcess
{
    internal const string Verb = "--idle-memory-process";

    /// <summary>Processes that share the far ends: each has a listener and a connection a session, and descriptors are limited for each.</summary>
    private const int FarProcesses = 3;

    /// <summary>Sessions that are opened before the first measurement, so that code and pools are not counted. They stay open.</summary>
    private const int WarmUp = 300;

    internal static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        // Run by `dotnet PROGRAM.dll`, the process's path is not the program's.
        if (Path.GetFileNameWithoutExtension(start.FileName).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
            start.ArgumentList.Add(typeof(IdleMemoryProcess).Assembly.Location);
        start.ArgumentList.Add(Verb);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start) ?? throw new InvalidOperationException("No process.");
    }

    internal static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is not [var role, var kind, var text] || !int.TryParse(text, CultureInfo.InvariantCulture, out var count))
            return 2;
        await using IIdleSessions sessions = kind == "tls" ? new IdleTlsSessions() : new IdleCrustSessions();
        if (role == "hold")
            await HoldAsync(sessions, kind, count);
        else
            await FarAsync(sessions, count);
        return 0;
    }

    private static async Task FarAsync(IIdleSessions sessions, int count)
    {
        foreach (var address in await sessions.ListenAsync(count))
            Console.WriteLine(address);
        Console.WriteLine();
        // The holder ends us.
        while (await Console.In.ReadLineAsync() is not null)
        {
        }
    }

    private static async Task HoldAsync(IIdleSessions sessions, string kind, int count)
    {
        var far = new List<Process>();
        try
        {
            var addresses = new List<string>();
            for (var i = 0; i < FarProcesses; i++)
            {
                var process = Start("far", kind, ((count + WarmUp + FarProcesses - 1) / FarProcesses).ToString(CultureInfo.InvariantCulture));
                far.Add(process);
                while (await process.StandardOutput.ReadLineAsync() is { Length: > 0 } line)
                    addresses.Add(line);
            }

            await sessions.OpenAsync(addresses.Take(WarmUp));
            var before = ResidentBytes();
            await sessions.OpenAsync(addresses.Skip(WarmUp).Take(count));
            var after = ResidentBytes();
            if (sessions.Open != count + WarmUp)
                throw new InvalidOperationException($"{sessions.Open} of {count + WarmUp} sessions are open.");
            Console.WriteLine((after - before) / 1024.0 / count);
            // For who wants to look at the heap from outside: the benchmark itself closes this at once.
            await Console.In.ReadLineAsync();
        }
        finally
        {
            foreach (var process in far)
            {
                process.StandardInput.Close();
                process.Kill();
                process.Dispose();
            }
        }
    }

    /// <summary>What the process holds once everything that is not in use was given back.</summary>
    private static long ResidentBytes()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return Environment.WorkingSet;
    }
}
