using System.Collections.Concurrent;
using System.Diagnostics;
using Crust.Client;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Tests.Cluster;

namespace Crust.Tests.Processes.Clusters;

/// <summary>Registrations and look-ups against a cluster, one after the other in each of a few loops; it remembers what was acknowledged and when what failed.</summary>
internal sealed class ClusterLoad : IAsyncDisposable
{
    /// <summary>Requests under way.</summary>
    internal const int Loops = 8;

    private readonly CrustClusterClient _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<PeerId, byte[]> _acknowledged = new();
    private readonly ConcurrentQueue<(string What, long Started, long Ended, RegisterResult? Refusal)> _failures = new();
    private readonly Task _running;
    private long _succeeded;

    internal ClusterLoad(CrustClusterClient client)
    {
        _client = client;
        _running = Task.WhenAll(Enumerable.Range(0, Loops).Select(_ => Task.Run(RunAsync)));
    }

    /// <summary>Requests that were answered as they should be.</summary>
    internal long Succeeded => Interlocked.Read(ref _succeeded);

    /// <summary>What storage has confirmed.</summary>
    internal IReadOnlyDictionary<PeerId, byte[]> Acknowledged => _acknowledged;

    /// <summary>How long after a moment (a timestamp) the last request began that then failed; zero when none did.</summary>
    internal TimeSpan LastFailureBegan(long moment) => _failures.Where(failure => failure.Started >= moment).Select(failure => Stopwatch.GetElapsedTime(moment, failure.Started)).DefaultIfEmpty().Max();

    /// <summary>Requests that ended after a moment without an answer, or refused for another reason than storage.</summary>
    internal int Unanswered(long moment) => _failures.Count(failure => failure.Ended >= moment && failure.Refusal != RegisterResult.StorageUnavailable);

    /// <summary>Records that were refused after a moment because storage did not answer.</summary>
    internal int Refused(long moment) => _failures.Count(failure => failure.Ended >= moment && failure.Refusal == RegisterResult.StorageUnavailable);

    /// <summary>What failed after a moment, in words.</summary>
    internal string Failures(long moment) => string.Join(", ", _failures.Where(failure => failure.Ended >= moment && failure.Refusal != RegisterResult.StorageUnavailable).Select(failure => FormattableString.Invariant(
        $"{failure.What} begun {Stopwatch.GetElapsedTime(moment, failure.Started).TotalSeconds:0.0} s after, ended {Stopwatch.GetElapsedTime(failure.Started, failure.Ended).TotalSeconds:0.0} s later")));

    /// <summary>Ends the loops.</summary>
    internal async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var known = new List<PeerId>();
        while (!_stop.IsCancellationRequested)
        {
            using var peer = new TestPeer();
            var record = peer.Record(1, DateTimeOffset.UtcNow);
            var started = Stopwatch.GetTimestamp();
            var reply = await _client.RegisterAsync(record, CancellationToken.None);
            if (reply is { IsAvailable: true, Value: RegisterResult.Accepted or RegisterResult.Unchanged })
            {
                Interlocked.Increment(ref _succeeded);
                _acknowledged[peer.Id] = record;
                known.Add(peer.Id);
            }
            else
            {
                _failures.Enqueue((reply.IsAvailable ? $"registration: {reply.Value}" : "registration: no answer", started, Stopwatch.GetTimestamp(), reply.IsAvailable ? reply.Value : null));
            }

            if (known.Count == 0)
                continue;
            var asked = known[Random.Shared.Next(known.Count)];
            started = Stopwatch.GetTimestamp();
            var found = await _client.GetRecordAsync(asked, CancellationToken.None);
            if (found.IsAvailable && found.Value is not null)
                Interlocked.Increment(ref _succeeded);
            else
                _failures.Enqueue((found.IsAvailable ? "look-up: not found" : "look-up: no answer", started, Stopwatch.GetTimestamp(), null));
        }
    }
}
