using System.Diagnostics;
using System.Text.Json;
using Crust.Identity;

namespace Crust.Benchmarks.Scenarios;

/// <summary>The <c>crust gateway</c> command in a process of its own, without a cluster: it attaches peers and relays between them all the same.</summary>
internal sealed class RelayGateway : IDisposable
{
    private readonly Process _process;
    private readonly string _folder = Directory.CreateTempSubdirectory("crust-relay-").FullName;

    private RelayGateway(string program)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "gateway", "--listen", "127.0.0.1", "--cluster", "127.0.0.1:1", "--identity", Path.Combine(_folder, "gateway"), "--json" })
            start.ArgumentList.Add(argument);
        _process = Process.Start(start) ?? throw new InvalidOperationException("No process.");
        _process.BeginErrorReadLine();
    }

    /// <summary>Where it was built; null when it was not.</summary>
    internal static string? Program { get; } = Find();

    /// <summary>Where it listens.</summary>
    internal IReadOnlyList<PeerAddress> Addresses { get; private set; } = [];

    /// <summary>Seconds of the processor that it used so far: user and system time of <c>/proc/PID/stat</c>.</summary>
    internal double ProcessorSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    internal static async Task<RelayGateway> StartAsync()
    {
        var gateway = new RelayGateway(Program!);
        var line = await gateway._process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The gateway did not start.");
        using var ready = JsonDocument.Parse(line);
        gateway.Addresses = [.. ready.RootElement.GetProperty("addresses").EnumerateArray().Select(a => PeerAddress.Parse(a.GetString()!))];
        return gateway;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "Crust.sln")))
                continue;
            var program = Path.Combine(folder.FullName, "Crust.Gateway", "bin", "Release", "net10.0", OperatingSystem.IsWindows() ? "crust.exe" : "crust");
            return File.Exists(program) ? program : null;
        }

        return null;
    }
}
