using System.Diagnostics;
using Crust.Tests.Processes;

namespace Crust.Tests.Interop.Utp;

/// <summary>
/// Another implementation in a process of its own, which tells in JSON, one event a line, what happens. It ends when its standard input does, and at the
/// latest at disposal, so that a failed test leaves nothing behind. Thread safe.
/// </summary>
internal sealed class InteropProcess : IAsyncDisposable
{
    /// <summary>How long anything may take. Only a hang takes so long, even on a busy machine.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Lock _gate = new();
    private readonly Process _process;
    private readonly List<ProcessEvent> _events = [];
    private readonly List<string> _errors = [];
    private readonly Task _reading;

    internal InteropProcess(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        _process = Process.Start(start)!;
        _reading = Task.WhenAll(
            ReadAsync(_process.StandardOutput, line => _events.Add(ProcessEvent.Parse(line, Stopwatch.GetTimestamp()))),
            ReadAsync(_process.StandardError, _errors.Add));
    }

    private ProcessEvent[] Events
    {
        get
        {
            lock (_gate)
                return [.. _events];
        }
    }

    /// <summary>Whether such an event has come.</summary>
    internal bool Has(string name) => Events.Any(e => e.Name == name);

    /// <summary>The first event of a name that came or comes.</summary>
    internal async Task<ProcessEvent> EventAsync(string name)
    {
        try
        {
            await Eventually.HoldsAsync(() => Has(name) || _reading.IsCompleted, $"'{name}' comes", Patience);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new TimeoutException($"'{name}' does not come: {this}", e);
        }

        return Events.FirstOrDefault(e => e.Name == name) ?? throw new InvalidOperationException($"It ended without '{name}': {this}");
    }

    /// <summary>Writes a line to its standard input.</summary>
    internal async Task TellAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>All it said: for the one who reads a failure.</summary>
    public override string ToString()
    {
        lock (_gate)
            return $"{string.Join(' ', _process.StartInfo.ArgumentList)}: {string.Join(' ', _events.Select(e => e.Body))} {string.Join('\n', _errors)}";
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        await _reading.WaitAsync(Patience);
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader reader, Action<string> add)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_gate)
                add(line);
        }
    }
}
