using System.Diagnostics;
using System.Text.Json;

namespace Crust.Tests.Cluster;

/// <summary>A real silo process.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private readonly Process _process;

    private SiloProcess(Process process) => _process = process;

    internal int GatewayPort { get; private init; }

    internal int SiloPort { get; private init; }

    internal Uri Status { get; private init; } = null!;

    /// <summary>Starts a silo and waits until it says that it is ready.</summary>
    internal static async Task<SiloProcess> StartAsync(string folder, int siloPort = 0, int gatewayPort = 0)
    {
        var process = Launch(
            "--connection", folder, "--silo-port", $"{siloPort}", "--gateway-port", $"{gatewayPort}", "--http", "0", "--network", "cluster-tests", "--json", "--no-gateway");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var line = await process.StandardOutput.ReadLineAsync(patience.Token)
            ?? throw new InvalidOperationException($"The silo ended: {await process.StandardError.ReadToEndAsync(patience.Token)}");
        using var ready = JsonDocument.Parse(line);
        process.BeginErrorReadLine();
        return new SiloProcess(process)
        {
            SiloPort = ready.RootElement.GetProperty("siloPort").GetInt32(),
            GatewayPort = ready.RootElement.GetProperty("gatewayPort").GetInt32(),
            Status = new Uri(ready.RootElement.GetProperty("status").GetString()!),
        };
    }

    /// <summary>Runs a silo that is expected to end by itself.</summary>
    internal static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var process = Launch(arguments);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        var error = process.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }

        return (process.ExitCode, await output, await error);
    }

    /// <summary>SIGKILL: no goodbye, no flush.</summary>
    internal async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    private static Process Launch(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(typeof(Crust.Silo.SiloHost).Assembly.Location);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
