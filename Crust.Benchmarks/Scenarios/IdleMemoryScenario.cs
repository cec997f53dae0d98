using System.Globalization;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// What an idle session costs one end: (resident memory after − before) / sessions, after compacting collections, with 10,000 sessions between
/// a process that is measured and others that hold the far ends. Kernel memory is not in it. The rival is as many mutually authenticated TLS 1.3
/// connections by SslStream, idle in a zero-byte read. Each round has processes of its own.
/// </summary>
internal static class IdleMemoryScenario
{
    private const int Sessions = 10_000;

    internal static IEnumerable<BenchmarkCase> Cases()
    {
        yield return new BenchmarkCase("session", "tls", "resident memory", "KiB/session", () => MeasureAsync("crust"), () => MeasureAsync("tls"))
        {
            LessIsBetter = true,
            IsAlwaysCold = true,
        };
    }

    private static async Task<double> MeasureAsync(string kind)
    {
        using var holder = IdleMemoryProcess.Start("hold", kind, Sessions.ToString(CultureInfo.InvariantCulture));
        var line = await holder.StandardOutput.ReadLineAsync();
        holder.StandardInput.Close();
        await holder.WaitForExitAsync();
        return double.TryParse(line, CultureInfo.InvariantCulture, out var kibibytes)
            ? kibibytes
            : throw new InvalidOperationException($"The measured process said '{line}' and ended with {holder.ExitCode}.");
    }
}
