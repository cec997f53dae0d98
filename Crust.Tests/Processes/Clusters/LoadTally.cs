using System.Collections.Concurrent;
using System.Diagnostics;

namespace Crust.Tests.Processes.Clusters;

/// <summary>What became of the requests of a <see cref="PeerHost"/>. Thread safe.</summary>
internal sealed class LoadTally
{
    internal const string Ping = "ping", LookUp = "look-up", NoAnswer = "no answer";

    /// <summary>Most failures told one by one.</summary>
    private const int MaxFailures = 1000;

    /// <summary>What is not answered within this time has failed.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, (long Count, double SlowestMs)> _answered = new();
    private readonly ConcurrentQueue<(string Kind, string Why, long Started)> _failures = new();
    private readonly ConcurrentQueue<string?> _ended = new();
    private int _reports;
    private long _outOfTurn;
    private long _late;

    /// <summary>Waits for a request and counts what became of it. One that takes longer than the patience is not waited for; a ping counts as late once it is answered after all.</summary>
    internal async Task CountAsync(string kind, Task request, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            await request.WaitAsync(Patience, cancellationToken);
            var took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            _answered.AddOrUpdate(kind, (1, took), (_, before) => (before.Count + 1, Math.Max(before.SlowestMs, took)));
        }
        catch (TimeoutException)
        {
            Failed(kind, NoAnswer, started);
            if (kind == Ping)
                _ = request.ContinueWith(_ => Interlocked.Increment(ref _late), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        }
        catch (ConnectException e)
        {
            Failed(kind, $"{e.Failure}", started);
        }
        catch (PeerConnectionClosedException)
        {
            Failed(kind, "the session ended", started);
        }
    }

    /// <summary>A number came that is not the next one.</summary>
    internal void OutOfTurn() => Interlocked.Increment(ref _outOfTurn);

    /// <summary>A connection that was to stay has ended.</summary>
    internal void SessionEnded(string? reason) => _ended.Enqueue(reason);

    /// <summary>All so far, as an event.</summary>
    internal object Report(IReadOnlyDictionary<string, IEnumerable<long>> gateways) => new
    {
        @event = "report",
        number = ++_reports,
        gateways,
        answered = _answered.ToDictionary(a => a.Key, a => a.Value.Count),
        slowestMs = _answered.ToDictionary(a => a.Key, a => a.Value.SlowestMs),
        failures = _failures.Select(f => new { kind = f.Kind, why = f.Why, started = f.Started }),
        latePings = Interlocked.Read(ref _late),
        outOfTurn = Interlocked.Read(ref _outOfTurn),
        ended = _ended,
    };

    private void Failed(string kind, string why, long started)
    {
        if (_failures.Count < MaxFailures)
            _failures.Enqueue((kind, why, started));
    }
}
