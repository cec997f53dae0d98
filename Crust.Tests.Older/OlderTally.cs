using System.Collections.Concurrent;
using System.Diagnostics;

namespace Crust.Tests.Older;

/// <summary>What became of calls. As the release's clients did, a call that fails is made again, until it has taken 5 s; so is one that is not answered for 2 s, beside the first. Thread safe.</summary>
internal sealed class OlderTally
{
    private const int MaxFailures = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), Again = TimeSpan.FromSeconds(2), Pause = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<string, int> _answered = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private int _delivered;

    /// <summary>Calls, and counts the answer; true when it is as it should be.</summary>
    internal async Task<bool> CountAsync<T>(string kind, Func<Task<T>> call, Func<T, bool> isRight, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var asked = new List<Task<T>>();
        var why = "no answer";
        while (Patience - Stopwatch.GetElapsedTime(started) is var left && left > TimeSpan.Zero && !cancellationToken.IsCancellationRequested)
        {
            asked.Add(Task.Run(call, CancellationToken.None));
            try
            {
                var done = await Task.WhenAny(asked).WaitAsync(left < Again ? left : Again, cancellationToken);
                asked.Remove(done);
                if (isRight(await done))
                {
                    _answered.AddOrUpdate(kind, 1, (_, count) => count + 1);
                    return true;
                }

                why = "a wrong answer";
                break;
            }
            catch (TimeoutException e)
            {
                why = e.Message;
            }
            catch (OperationCanceledException)
            {
                return false;
            }
#pragma warning disable CA1031 // Whatever a silo or a serializer throws means the same: it is asked again.
            catch (Exception e)
#pragma warning restore CA1031
            {
                why = e.Message;
                await Task.Delay(Pause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        if (!cancellationToken.IsCancellationRequested && _failures.Count < MaxFailures)
            _failures.Enqueue($"{kind}: {why}");
        return false;
    }

    /// <summary>Commands that came.</summary>
    internal void Delivered(int count) => Interlocked.Add(ref _delivered, count);

    /// <summary>All so far, as an event.</summary>
    internal object Report(IEnumerable<byte[]> records) => new
    {
        @event = "report",
        answered = _answered,
        failures = _failures,
        delivered = Volatile.Read(ref _delivered),
        records = records.Select(Convert.ToHexStringLower),
    };
}
