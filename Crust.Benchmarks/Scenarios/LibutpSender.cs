using System.Diagnostics;
using System.Globalization;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// libutp, the reference implementation of µTP, in a process of Node.js that sends into one of our receivers. The tests brought it
/// (<c>Crust.Tests/Interop/Utp/Libutp</c>); its receiving side is too slow to be a rival.
/// </summary>
internal sealed class LibutpSender : IDisposable
{
    private static readonly Lazy<string?> Program = new(Find);

    private readonly Process _process;

    /// <summary>Starts one, which connects to a port of loopback, sends and ends.</summary>
    internal LibutpSender(int port, long bytes)
    {
        var program = Program.Value ?? throw new InvalidOperationException("libutp is not installed.");
        var text = bytes.ToString(CultureInfo.InvariantCulture);
        // Closing its input would end it.
        _process = Process.Start(new ProcessStartInfo("node", [program, "dial", $"{port}", "--unhashed", "--send", text]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
    }

    /// <summary>Why there is none; null when there is.</summary>
    internal static string? Obstacle => Program.Value is null ? "libutp (Node.js with utp-native) is not installed: ./test.sh --install brings it" : null;

    /// <summary>Seconds of the processor that it used so far.</summary>
    internal double ProcessorSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "Crust.sln")))
                continue;
            var program = Path.Combine(folder.FullName, "Crust.Tests", "Interop", "Utp", "Libutp", "libutp.js");
            return File.Exists(program) && Runs(Path.Combine(Path.GetDirectoryName(program)!, "node_modules", "utp-native")) ? program : null;
        }

        return null;
    }

    private static bool Runs(string package)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("node", ["--eval", $"require('{package}')"]) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
