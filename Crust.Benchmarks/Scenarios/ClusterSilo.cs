using System.Diagnostics;
using System.Globalization;
using Crust.Identity;
using Crust.Silo;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// A silo of the embedded profile in a process of its own: this same program, since the <c>Crust.Silo</c> command has no way to be told to compact its heap
/// before it is measured. It is the command's <see cref="SiloHost"/> with the command's collector (server) and storage (SQLite, every acknowledged write on
/// the disk). What it is asked is a line on its input, the answer a line on its output; it ends with its input.
/// </summary>
internal sealed class ClusterSilo : IAsyncDisposable
{
    internal const string Verb = "--cluster-silo";

    /// <summary>The network of all processes of the scenario.</summary>
    internal const string NetworkName = "benchmark";

    private readonly Process _process;
    private readonly string _folder;

    private ClusterSilo(Process process, string folder) => (_process, _folder) = (process, folder);

    internal static NetworkId Network { get; } = NetworkId.FromName(NetworkName);

    /// <summary>Where Orleans clients connect to, on loopback.</summary>
    internal int GatewayPort { get; private init; }

    internal static async Task<ClusterSilo> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("crust-cluster-").FullName;
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(start.FileName).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
            start.ArgumentList.Add(typeof(ClusterSilo).Assembly.Location);
        start.ArgumentList.Add(Verb);
        start.ArgumentList.Add(folder);
        start.Environment["DOTNET_gcServer"] = "1";
        var process = Process.Start(start) ?? throw new InvalidOperationException("No process.");
        var line = await process.StandardOutput.ReadLineAsync();
        return int.TryParse(line, CultureInfo.InvariantCulture, out var port)
            ? new ClusterSilo(process, folder) { GatewayPort = port }
            : throw new InvalidOperationException($"The silo said '{line}'.");
    }

    /// <summary>Resident bytes of the silo's process once everything that is not in use was given back.</summary>
    internal async Task<long> CompactAsync()
    {
        await _process.StandardInput.WriteLineAsync();
        return long.Parse(await _process.StandardOutput.ReadLineAsync() ?? "", CultureInfo.InvariantCulture);
    }

    /// <summary>The silo's process.</summary>
    internal static async Task<int> RunAsync(string folder)
    {
        var options = new SiloOptions { Connection = folder, Network = NetworkName, SiloPort = 0, GatewayPort = 0, Http = new(System.Net.IPAddress.Loopback, 0) };
        await using var silo = await SiloHost.StartAsync(options, CancellationToken.None);
        Console.WriteLine(silo.GatewayPort);
        while (await Console.In.ReadLineAsync() is not null)
        {
            for (var i = 0; i < 3; i++)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                GC.WaitForPendingFinalizers();
            }

            Console.WriteLine(Environment.WorkingSet);
        }

        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10)))
            await _process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
