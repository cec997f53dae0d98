using Crust.Discovery.Bootstrap;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Primitives;

namespace Crust.Gateway.Bootstrap;

/// <summary>
/// What a gateway last read of the bootstrap cache, and samples of it. While the cluster is away what was good when it was last read stays good. Pure; one thread at a time.
/// </summary>
internal sealed class BootstrapView(NetworkId network)
{
    /// <summary>After this time entries have aged, and the sampler is made anew.</summary>
    private static readonly TimeSpan SamplerAge = TimeSpan.FromSeconds(5);

    /// <summary>How much older than the last reading entries may be judged. Ours: until the next is due, and a little.</summary>
    private static readonly TimeSpan MaxAhead = VouchRules.ReadPeriod * 2;

    private readonly Shard[] _shards = new Shard[GrainKeys.BootstrapShardCount];
    private List<ViewEntry> _candidates = [];
    private BootstrapSampler? _sampler;
    private Instant _made;
    private long _readings;

    /// <summary>A shard is about to be asked: with the version that was read (0 before), and the number of this reading. Answers may come in another order than they were asked for.</summary>
    internal (ulong Version, long Reading) BeginReading(int shard) => (_shards[shard].Version, ++_readings);

    /// <summary>Entries that were read.</summary>
    internal int Count => _shards.Sum(s => s.Entries?.Count ?? 0);

    /// <summary>Takes what was read of a shard, unless a later reading was answered before. Entries whose record does not verify are left out: a shard is no more believed than anybody.</summary>
    internal IReadOnlyList<ViewEntry> Set(int shard, long reading, BootstrapShard read, Instant now)
    {
        if (reading < _shards[shard].Reading)
            return _shards[shard].Entries ?? [];
        // A record is verified when it is new: a minute's proofs change entries, not records.
        var known = _shards[shard].Entries?.ToDictionary(e => e.Record.Peer) ?? [];
        var entries = new List<ViewEntry>();
        foreach (var entry in read.Entries.Take(IBootstrapCacheGrain.MaxEntries))
        {
            var verified = PeerRecord.TryPeekPeer(entry.SignedRecord, out var peer) && known.TryGetValue(peer, out var old) && old.Entry.SignedRecord.AsSpan().SequenceEqual(entry.SignedRecord)
                ? old.Record
                : PeerRecord.TryVerify(entry.SignedRecord, network, out var record) ? record : null;
            if (verified is not null && entry.SignedRecord.Length <= IBootstrapCacheGrain.MaxRecordLength)
                entries.Add(new ViewEntry(entry, verified));
        }

        _shards[shard] = new Shard(reading, read.Version, read.Time, now, entries);
        _sampler = null;
        return entries;
    }

    /// <summary>A shard was asked and has not changed: its entries are judged by what time it is now. Nothing happens if a later reading was answered before.</summary>
    internal IReadOnlyList<ViewEntry> Confirm(int shard, long reading, Instant now)
    {
        var known = _shards[shard];
        if (reading >= known.Reading)
            _shards[shard] = known with { Reading = reading, Time = known.Time + (ulong)(now - known.Read).TotalMilliseconds, Read = now };
        return known.Entries ?? [];
    }

    internal bool Contains(PeerId peer) => _shards[GrainKeys.BootstrapShardOf(peer)].Entries?.Exists(e => e.Record.Peer == peer) == true;

    /// <summary>Something that <c>hasFailed</c> says changed.</summary>
    internal void Invalidate() => _sampler = null;

    /// <summary>A sample of entries that may be told to others, the best first, diverse by prefix and gateway.</summary>
    /// <param name="count">How many; perhaps less, and never fewer than <see cref="BootstrapSampler.MinCount"/> where there are as many.</param>
    /// <param name="hasFailed">Peers that a dial from here did not reach.</param>
    /// <param name="seed">Decides which.</param>
    /// <param name="now">Now.</param>
    internal IReadOnlyList<ViewEntry> Sample(int count, Func<PeerId, bool> hasFailed, ulong seed, Instant now)
    {
        if (_sampler is null || now - _made > SamplerAge)
        {
            _candidates = [.. _shards.SelectMany(s => s.SampledAt(now)).Where(e => !hasFailed(e.Record.Peer))];
            _sampler = new BootstrapSampler([.. _candidates.Select(e => e.ToCandidate())]);
            _made = now;
        }

        return [.. _sampler.Sample(count, seed).Select(i => _candidates[i])];
    }

    private readonly record struct Shard(long Reading, ulong Version, ulong Time, Instant Read, List<ViewEntry>? Entries)
    {
        /// <summary>Those that may be told by the shard's clock, which went on since it was read.</summary>
        internal IEnumerable<ViewEntry> SampledAt(Instant now)
        {
            var since = now - Read;
            var time = DateTimeOffset.FromUnixTimeMilliseconds((long)Time) + (since < MaxAhead ? since : MaxAhead);
            return Entries?.Where(e => e.Entry.IsSampled(time) && time < e.Record.Expiry) ?? [];
        }
    }
}
