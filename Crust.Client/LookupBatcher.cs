using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Client;

/// <summary>
/// Gathers look-ups in one zone: those that come while calls are under way go together in the next. So a lone look-up waits for no other, and many cost little
/// more than a few calls. Thread-safe.
/// </summary>
/// <param name="call">Looks up at most <see cref="IRoutingTableGrain.MaxLookUps"/> peers; does not throw.</param>
internal sealed class LookupBatcher(Func<PeerId[], Task<ClusterReply<PeerFinding[]>>> call) : IAsyncDisposable
{
    /// <summary>Calls under way at once. Ours: while one is on its way there, the other's answer is on its way back.</summary>
    internal const int MaxCalls = 2;

    /// <summary>Most look-ups that wait. Ours: a second's of a busy cluster; beyond, the answer is that there is none.</summary>
    internal const int MaxWaiting = 16_384;

    private readonly Lock _lock = new();
    private readonly Queue<Waiter> _waiting = new();
    private readonly Task[] _loops = [.. Enumerable.Repeat(Task.CompletedTask, MaxCalls)];
    private readonly bool[] _isRunning = new bool[MaxCalls];

    /// <summary>Looks one peer up.</summary>
    internal Task<ClusterReply<PeerFinding>> FindAsync(PeerId peer)
    {
        lock (_lock)
        {
            if (_waiting.Count == MaxWaiting)
                return Task.FromResult(ClusterReply<PeerFinding>.Unavailable);
            var waiter = new Waiter(peer);
            _waiting.Enqueue(waiter);
            var idle = Array.IndexOf(_isRunning, false);
            if (idle >= 0)
            {
                _isRunning[idle] = true;
                _loops[idle] = RunAsync(idle);
            }

            return waiter.Task;
        }
    }

    /// <summary>Waits for the calls that are under way.</summary>
    public ValueTask DisposeAsync() => new(Task.WhenAll(_loops));

    private async Task RunAsync(int loop)
    {
        // Whoever asks in one go comes into one call.
        await Task.Yield();
        while (Take(loop) is { Length: > 0 } batch)
        {
            var reply = await call(Array.ConvertAll(batch, waiter => waiter.Peer)).ConfigureAwait(false);
            var isAnswered = reply.TryGet(out var found) && found.Length == batch.Length;
            for (var i = 0; i < batch.Length; i++)
                batch[i].SetResult(isAnswered ? new(true, found![i]) : ClusterReply<PeerFinding>.Unavailable);
        }
    }

    private Waiter[] Take(int loop)
    {
        lock (_lock)
        {
            var batch = new Waiter[Math.Min(_waiting.Count, IRoutingTableGrain.MaxLookUps)];
            for (var i = 0; i < batch.Length; i++)
                batch[i] = _waiting.Dequeue();
            _isRunning[loop] = batch.Length > 0;
            return batch;
        }
    }

    private sealed class Waiter(PeerId peer) : TaskCompletionSource<ClusterReply<PeerFinding>>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        internal PeerId Peer => peer;
    }
}
