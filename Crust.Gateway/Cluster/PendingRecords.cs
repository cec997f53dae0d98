using Crust.Client;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Primitives.Driver;

namespace Crust.Gateway.Cluster;

/// <summary>
/// Records of peers that attached while the cluster or its storage was away: registered as soon as it answers. The newest of each peer; when full, further
/// ones are not kept, and their peers register at their next record. Thread-safe.
/// </summary>
internal sealed class PendingRecords(CrustClusterClient client, TimeProvider timeProvider)
{
    /// <summary>Most records that wait. Ours: as many as the look-up cache holds.</summary>
    internal const int Capacity = LookupCache.DefaultCapacity;

    /// <summary>Registrations under way at once: enough to fill a storage's group commit, too few to crowd out fresh ones.</summary>
    private const int Parallelism = 64;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<PeerId, byte[]> _records = [];
    private readonly AsyncSignal _news = new();

    internal int Count
    {
        get
        {
            lock (_lock)
                return _records.Count;
        }
    }

    /// <summary>Keeps a record to be registered later, in place of an older one of the peer.</summary>
    internal void Add(PeerId peer, byte[] signedRecord)
    {
        lock (_lock)
        {
            if (_records.Count < Capacity || _records.ContainsKey(peer))
                _records[peer] = signedRecord;
            _news.Set();
        }
    }

    /// <summary>The loop: offers what waits until the cluster took or refused it.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _news.WaitAsync(cancellationToken).ConfigureAwait(false);
            while (Take() is { Length: > 0 } batch)
            {
                var results = await Task.WhenAll(batch.Select(entry => client.RegisterAsync(entry.Value, cancellationToken))).ConfigureAwait(false);
                var isAnswered = true;
                for (var i = 0; i < batch.Length; i++)
                {
                    if (results[i].TryGet(out var result) && result != RegisterResult.StorageUnavailable)
                        Remove(batch[i]);
                    else
                        isAnswered = false;
                }

                if (!isAnswered)
                    await Task.Delay(RetryDelay, timeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private KeyValuePair<PeerId, byte[]>[] Take()
    {
        lock (_lock)
            return [.. _records.Take(Parallelism)];
    }

    private void Remove(KeyValuePair<PeerId, byte[]> entry)
    {
        lock (_lock)
        {
            // A newer record may have come meanwhile.
            if (_records.TryGetValue(entry.Key, out var current) && ReferenceEquals(current, entry.Value))
                _records.Remove(entry.Key);
        }
    }
}
