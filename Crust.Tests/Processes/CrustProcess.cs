using System.Diagnostics;
using Crust.Tests.Architecture;

namespace Crust.Tests.Processes;

/// <summary>
/// A process of Crust as users start it: its lines and events as they come, its signals, its end. What is started here ends at the latest at disposal, so
/// that a failed test leaves nothing behind. Thread safe.
/// </summary>
public sealed class CrustProcess : IAsyncDisposable
{
    /// <summary>Most lines kept of each stream; older ones go. Ours: a test that needs more would be lost in them anyway.</summary>
    private const int MaxLines = 4096;

    /// <summary>How long anything may take. Only a hang takes so long, even on a busy machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>
    /// The command where its own build put it, as <c>bin/CONFIGURATION/FRAMEWORK</c> of the tests is that of the gateway: beside the tests, which use the
    /// web framework, the packages are missing that come with that.
    /// </summary>
    private static readonly string CrustCommand = Deployed("Crust.Gateway", OperatingSystem.IsWindows() ? "crust.exe" : "crust");

    private static readonly string SiloProgram = Deployed("Crust.Silo", "Crust.Silo.dll");

    private static readonly string OlderProgram = BuiltAs("Crust.Tests.Older", "Crust.Tests.Older.dll");

    private readonly Lock _lock = new();
    private readonly Process _process;
    private readonly string _commandLine;
    private readonly List<(string Text, Lazy<ProcessEvent> Event)> _output = [];
    private readonly List<string> _error = [];
    private readonly Task _reading;

    private CrustProcess(Process process, string commandLine)
    {
        _process = process;
        _commandLine = commandLine;
        _reading = Task.WhenAll(
            ReadAsync(process.StandardOutput, Keep, () => _output.Count, () => _output.RemoveAt(0)),
            ReadAsync(process.StandardError, _error.Add, () => _error.Count, () => _error.RemoveAt(0)));
    }

    /// <summary>The process's number.</summary>
    public int Id => _process.Id;

    /// <summary>True once it has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>What it has used of all processors since it began.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The lines of standard output.</summary>
    public IReadOnlyList<string> Output
    {
        get
        {
            lock (_lock)
                return [.. _output.Select(line => line.Text)];
        }
    }

    /// <summary>The lines of standard error.</summary>
    public IReadOnlyList<string> Error
    {
        get
        {
            lock (_lock)
                return [.. _error];
        }
    }

    /// <summary>The lines of standard output as events, of a process that was started with <c>--json</c>.</summary>
    public IReadOnlyList<ProcessEvent> Events
    {
        get
        {
            lock (_lock)
                return [.. _output.Select(line => line.Event.Value)];
        }
    }

    /// <summary>Starts the <c>crust</c> command.</summary>
    public static CrustProcess Crust(TemporaryFolder folder, params string[] arguments) => Start(folder, CrustCommand, arguments);

    /// <summary>Starts the <c>crust</c> command by another one, which must become it: a shell that prepares its surroundings.</summary>
    public static CrustProcess CrustThrough(TemporaryFolder folder, string[] command, params string[] arguments) =>
        Start(folder, command[0], [.. command[1..], CrustCommand, .. arguments]);

    /// <summary>Starts a <see cref="TrafficPeer"/>, which listens to what <see cref="SayAsync"/> says.</summary>
    public static CrustProcess TrafficPeer(TemporaryFolder folder, int seconds, int rate) => Start(
        folder, "dotnet", [typeof(CrustProcess).Assembly.Location, Traffic.TrafficPeer.Verb, $"{seconds}", $"{rate}"], hasInput: true);

    /// <summary>Starts a <see cref="NatLab.Moving.NumberedPeer"/> by another command, which must become it; it listens to what <see cref="SayAsync"/> says.</summary>
    public static CrustProcess NumberedPeerThrough(TemporaryFolder folder, string[] command, params string[] arguments) => Start(
        folder, command[0], [.. command[1..], "dotnet", typeof(CrustProcess).Assembly.Location, NatLab.Moving.NumberedPeer.Verb, .. arguments], hasInput: true);

    /// <summary>Starts a <see cref="Clusters.PeerHost"/>, which listens to what <see cref="SayAsync"/> says.</summary>
    public static CrustProcess PeerHost(TemporaryFolder folder, params string[] arguments) => Start(
        folder, "dotnet", [typeof(CrustProcess).Assembly.Location, Clusters.PeerHost.Verb, .. arguments], hasInput: true);

    /// <summary>Starts a <see cref="Clusters.ServiceHost"/> by another command, which must become it; it listens to what <see cref="SayAsync"/> says.</summary>
    public static CrustProcess ServiceHostThrough(TemporaryFolder folder, string[] command, params string[] arguments) => Start(
        folder, command[0], [.. command[1..], "dotnet", typeof(CrustProcess).Assembly.Location, Clusters.ServiceHost.Verb, .. arguments], hasInput: true);

    /// <summary>Starts what calls or serves the cluster by the contracts of the older release; it listens to what <see cref="SayAsync"/> says.</summary>
    public static CrustProcess Older(TemporaryFolder folder, params string[] arguments) => Start(folder, "dotnet", [OlderProgram, .. arguments], hasInput: true);

    /// <summary>Starts the silo.</summary>
    public static CrustProcess Silo(TemporaryFolder folder, params string[] arguments) => Start(folder, "dotnet", [SiloProgram, .. arguments]);

    /// <summary>Starts the silo by another command, which must become it.</summary>
    public static CrustProcess SiloThrough(TemporaryFolder folder, string[] command, params string[] arguments) =>
        Start(folder, command[0], [.. command[1..], "dotnet", SiloProgram, .. arguments]);

    /// <summary>The first event of a name, and with a condition if one is given, that came or comes.</summary>
    public async Task<ProcessEvent> EventAsync(string name, Func<ProcessEvent, bool>? condition = null, TimeSpan? patience = null)
    {
        ProcessEvent? Find() => Events.FirstOrDefault(e => e.Name == name && (condition is null || condition(e)));
        ProcessEvent? found = null;
        try
        {
            await Eventually.HoldsAsync(() => (found = Find()) is not null || _reading.IsCompleted, $"'{name}' comes", patience ?? Patience);
        }
        catch (Exception e)
        {
            throw new TimeoutException($"'{name}' does not come: {this}", e);
        }

        return found ?? Find() ?? throw new InvalidOperationException($"It ended without '{name}': {this}");
    }

    /// <summary>The first event that has one of two names.</summary>
    public async Task<ProcessEvent> FirstOfAsync(string name, string other)
    {
        await Eventually.HoldsAsync(() => Events.Any(e => e.Name == name || e.Name == other) || _reading.IsCompleted, $"'{name}' or '{other}' comes", Patience);
        return Events.FirstOrDefault(e => e.Name == name || e.Name == other) ?? throw new InvalidOperationException($"It ended without '{name}' or '{other}': {this}");
    }

    /// <summary>Waits for the end; the exit code.</summary>
    public async Task<int> ExitAsync()
    {
        try
        {
            await Task.WhenAll(_process.WaitForExitAsync(), _reading).WaitAsync(Patience);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"It does not end: {this}");
        }
    }

    /// <summary>Writes a line to its standard input.</summary>
    public Task SayAsync(string line) => _process.StandardInput.WriteLineAsync(line);

    /// <summary>The most memory it had in RAM so far, in bytes; null where that is not told, or when it has ended.</summary>
    public long? PeakMemory() => ReadMemory("VmHWM:");

    /// <summary>The memory it has in RAM now, in bytes; null where that is not told, or when it has ended.</summary>
    public long? Memory() => ReadMemory("VmRSS:");

    private long? ReadMemory(string name)
    {
        try
        {
            var line = File.ReadLines($"/proc/{Id}/status").FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
            return line is null ? null : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) * 1024;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>SIGKILL: no goodbye, no flush. Returns when the process is gone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>SIGTERM: what a service manager sends.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {_process.Id}"]);
        await kill.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>The command line and all it said: for the one who reads a failure.</summary>
    public override string ToString() => $"{_commandLine}\n  stdout: {string.Join("\n          ", Output)}\n  stderr: {string.Join("\n          ", Error)}";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        await _reading.WaitAsync(Patience);
        _process.Dispose();
    }

    /// <summary>What <c>test.sh</c> published, compiled ahead of time as a deployment is; or what was built.</summary>
    private static string Deployed(string project, string file) =>
        Environment.GetEnvironmentVariable("CRUST_PUBLISHED") is { Length: > 0 } folder ? Path.Combine(folder, project, file) : BuiltAs(project, file);

    private static string BuiltAs(string project, string file) =>
        RepositoryRoot.PathOf(Path.Combine(project, Path.GetRelativePath(RepositoryRoot.PathOf("Crust.Tests"), AppContext.BaseDirectory), file));

    private static CrustProcess Start(TemporaryFolder folder, string command, string[] arguments, bool hasInput = false)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        // Whoever runs the tests has identities, data and a bootstrap address of their own.
        start.Environment["XDG_CONFIG_HOME"] = folder.PathOf("config");
        start.Environment["XDG_DATA_HOME"] = folder.PathOf("data");
        start.Environment["CRUST_BOOTSTRAP"] = folder.Bootstrap;
        var process = Process.Start(start)!;
        process.StandardInput.AutoFlush = true;
        if (!hasInput)
            process.StandardInput.Close();
        return new CrustProcess(process, $"{Path.GetFileName(command)} {string.Join(' ', arguments)}");
    }

    /// <summary>What it says is read once, however often somebody looks.</summary>
    private void Keep(string line)
    {
        var timestamp = Stopwatch.GetTimestamp();
        _output.Add((line, new Lazy<ProcessEvent>(() => ProcessEvent.Parse(line, timestamp))));
    }

    private async Task ReadAsync(StreamReader reader, Action<string> add, Func<int> count, Action drop)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_lock)
            {
                if (count() == MaxLines)
                    drop();
                add(line);
            }
        }
    }
}
