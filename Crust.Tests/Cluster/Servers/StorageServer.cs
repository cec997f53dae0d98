using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Crust.Tests.Interop.Utp;
using Crust.Tests.Processes;

namespace Crust.Tests.Cluster.Servers;

/// <summary>
/// A real storage server in a process of its own, on loopback, with its data in a temporary folder. It is ended by its id; its port stays the same over a
/// restart.
/// </summary>
internal abstract class StorageServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private Process? _process;

    internal int Port { get; } = FreePort();

    /// <summary>What a silo of its profile is given.</summary>
    internal string Connection => ConnectionAt(Port);

    /// <summary>True when this machine has it.</summary>
    internal abstract bool IsInstalled { get; }

    /// <summary>Its name, for the reason of a skip.</summary>
    protected abstract string Name { get; }

    /// <summary>Where its data is.</summary>
    protected string Folder => _folder.PathOf("data");

    /// <summary>Skips the test when it is not installed. Not to be called by a fixture, which would fail all of its tests.</summary>
    internal void Require() => Tool.Require(IsInstalled, $"{Name} is not installed");

    /// <summary>Starts it, on the data of its last life, and waits until it answers.</summary>
    internal async Task StartAsync()
    {
        Directory.CreateDirectory(Folder);
        var (command, arguments) = CommandLine();
        _process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = new List<string>();
        _process.OutputDataReceived += (_, line) => Add(said, line.Data);
        _process.ErrorDataReceived += (_, line) => Add(said, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Eventually.HoldsAsync(
            () => !_process.HasExited && IsOpen() ? true : _process.HasExited ? throw new InvalidOperationException(string.Join('\n', said)) : false, "the server listens", Patience);
    }

    /// <summary>What a silo is given that reaches it through another port of this host.</summary>
    internal abstract string ConnectionAt(int port);

    /// <summary>Another of its kind, on another port, with nothing in it.</summary>
    internal abstract StorageServer Another();

    /// <summary>Another of its kind with a copy of the data of this one, which must not run meanwhile.</summary>
    internal StorageServer Copy()
    {
        var copy = Another();
        foreach (var file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy.Folder, Path.GetRelativePath(Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return copy;
    }

    /// <summary>SIGKILL.</summary>
    internal async Task KillAsync()
    {
        if (_process is null)
            return;
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _process = null;
    }

    /// <summary>Whether this is in its files: an emulator writes only now and then, and first beside the file that it will replace, which a kill would not let it do.</summary>
    internal bool HasWritten(string text) => Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories)
        .Where(file => !file.EndsWith('~'))
        .Any(file => File.ReadAllText(file).Contains(text, StringComparison.Ordinal));

    /// <summary>SIGSTOP: connections stay, nothing answers.</summary>
    internal Task PauseAsync() => SignalAsync("STOP");

    /// <summary>SIGCONT.</summary>
    internal Task ResumeAsync() => SignalAsync("CONT");

    /// <summary>A port of this host that nobody has now.</summary>
    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract (string Command, string[] Arguments) CommandLine();

    private static void Add(List<string> lines, string? line)
    {
        lock (lines)
            lines.Add(line ?? "");
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {_process!.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Whether somebody can connect to it.</summary>
    protected virtual bool IsOpen()
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
