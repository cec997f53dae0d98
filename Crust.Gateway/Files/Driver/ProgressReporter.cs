using Crust.Gateway.Commands;

namespace Crust.Gateway.Files.Driver;

/// <summary>How progress is shown.</summary>
internal enum ProgressStyle
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>A bar at the bottom of a terminal, five times a second.</summary>
    Bar,

    /// <summary>A line each 10 s.</summary>
    Log,

    /// <summary>An event twice a second.</summary>
    Events,
}

/// <summary>Shows how transfers get on. Thread safe; its loop ends at disposal.</summary>
internal sealed class ProgressReporter : IAsyncDisposable
{
    private readonly ProgressStyle _style;
    private readonly CommandOutput _output;
    private readonly TerminalBar? _bar;
    private readonly Func<int> _width;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly Lock _gate = new();
    private readonly List<Shown> _shown = [];
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _loop;

    internal ProgressReporter(ProgressStyle style, CommandOutput output, TerminalBar? bar, Func<int> width, TimeProvider time)
    {
        _style = style;
        _output = output;
        _bar = bar;
        _width = width;
        _time = time;
        _start = time.GetTimestamp();
        _loop = style == ProgressStyle.None ? Task.CompletedTask : RunAsync();
    }

    /// <summary>Shows a transfer from now on.</summary>
    internal void Add(TransferProgress progress)
    {
        lock (_gate)
        {
            if (_shown.All(s => s.Progress != progress))
                _shown.Add(new Shown(progress));
        }
    }

    /// <summary>Shows it no more.</summary>
    internal void Remove(TransferProgress progress)
    {
        lock (_gate)
            _shown.RemoveAll(s => s.Progress == progress);
        _bar?.Clear();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        await _loop;
        _bar?.Clear();
        _stopped.Dispose();
    }

    private async Task RunAsync()
    {
        var interval = TimeSpan.FromSeconds(_style switch { ProgressStyle.Bar => 0.2, ProgressStyle.Events => 0.5, _ => 10 });
        using var timer = new PeriodicTimer(interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopped.Token))
                Tell();
        }
        catch (OperationCanceledException)
        {
            // Disposed of.
        }
    }

    private void Tell()
    {
        lock (_gate)
        {
            foreach (var shown in _shown)
            {
                var snapshot = shown.Observe(_time.GetElapsedTime(_start));
                switch (_style)
                {
                    case ProgressStyle.Bar when shown == _shown[^1]:
                        _bar!.Show(ProgressLine.ForTerminal(snapshot, _width() - 1));
                        break;
                    case ProgressStyle.Log:
                        _output.Event("progress", ProgressLine.ForLog(snapshot));
                        break;
                    case ProgressStyle.Events:
                        _output.Event(
                            "progress", "", ("transfer", shown.Progress.Id.Text), ("bytes", snapshot.Bytes), ("total", snapshot.Total), ("percent", snapshot.Percent),
                            ("file", snapshot.File), ("files", snapshot.Files), ("rate", (long)snapshot.Rate),
                            ("remaining", snapshot.Remaining is { } left ? Math.Round(left.TotalSeconds, 1) : null), ("path", snapshot.Path), ("note", snapshot.Note));
                        break;
                }
            }
        }
    }

    /// <summary>A transfer and how fast it goes.</summary>
    private sealed class Shown(TransferProgress progress)
    {
        private readonly ProgressMeter _meter = new();
        private int _starts = -1;

        internal TransferProgress Progress { get; } = progress;

        internal ProgressSnapshot Observe(TimeSpan at)
        {
            var bytes = Progress.Bytes;
            if (_starts != Progress.Starts)
                _meter.Start(at, bytes);
            else
                _meter.Observe(at, bytes);
            _starts = Progress.Starts;
            var manifest = Progress.Manifest;
            return new ProgressSnapshot(
                bytes, manifest.TotalLength, Math.Min(Progress.FilesDone + 1, manifest.Files), manifest.Files, _meter.Rate, _meter.Remaining(manifest.TotalLength), Progress.Path,
                Progress.Note);
        }
    }
}
