using System.Net;
using Crust.Identity;
using Crust.Primitives;

namespace Crust.Discovery.Routing;

/// <summary>
/// A peer's own Kademlia table: who it knows, most of them near. Records and time in; who is to be checked and what to be looked up out. Peers that were there for long stay (§2.2 of the paper): a full
/// bucket asks the one seen least lately before it takes another in. Bounded by address prefix, so that a block of addresses fills no bucket. Not thread safe.
/// </summary>
/// <param name="self">Whose table it is.</param>
/// <param name="random">For what is looked up to refresh a bucket.</param>
internal sealed class RoutingTable(PeerId self, DeterministicRandom random)
{
    private readonly Position _self = Position.Of(self);
    private readonly RoutingBucket?[] _buckets = new RoutingBucket?[Position.Bits];
    private readonly Dictionary<PeerId, RoutingEntry> _entries = [];
    private readonly Dictionary<PrefixGroup, int> _groups = [];
    private Instant? _checked;

    /// <summary>Peers in the table.</summary>
    internal int Count => _entries.Count;

    /// <summary>Everyone in the table, in no order.</summary>
    internal IEnumerable<RoutingEntry> Entries => _entries.Values;

    /// <summary>What is known of a peer, be it in the table or waiting; null: nothing.</summary>
    internal KnownPeer? Find(PeerId peer)
    {
        if (_entries.TryGetValue(peer, out var entry))
            return entry.Peer;
        return peer == self ? null : Bucket(Position.Of(peer))?.Waiting.Find(w => w.Peer.Id == peer)?.Peer;
    }

    /// <summary>Takes what somebody told: a hint, until the peer proves to be there.</summary>
    /// <returns>True when the peer is in the table.</returns>
    internal bool Add(KnownPeer peer, DateTimeOffset unixNow)
    {
        if (peer.Id == self || !peer.Record.IsCurrent(unixNow))
            return false;
        if (_entries.TryGetValue(peer.Id, out var known))
        {
            Update(known, peer);
            return _entries.ContainsKey(peer.Id);
        }

        var bucket = _buckets[_self.CommonBits(peer.Position)] ??= new RoutingBucket();
        return TryPlace(bucket, new RoutingEntry(peer));
    }

    /// <summary>The peer is there: it spoke to us, and proved who it is.</summary>
    /// <param name="peer">Its record.</param>
    /// <param name="metAt">Where it spoke from; null when over a gateway.</param>
    /// <param name="now">Now.</param>
    /// <param name="unixNow">The time of day.</param>
    internal void Meet(KnownPeer peer, IPAddress? metAt, Instant now, DateTimeOffset unixNow)
    {
        if (peer.Id == self || !peer.Record.IsCurrent(unixNow))
            return;
        var bucket = _buckets[_self.CommonBits(peer.Position)] ??= new RoutingBucket();
        if (_entries.TryGetValue(peer.Id, out var known))
        {
            Prove(known, metAt, now);
            Update(known, peer);
            // Met elsewhere than it said, it may be one too many there.
            if (Regroup(bucket, known))
                return;
            Remove(bucket, known);
            Promote(bucket);
            return;
        }

        var entry = bucket.Waiting.Find(w => w.Peer.Id == peer.Id) ?? new RoutingEntry(peer);
        if (peer.Record.Sequence > entry.Peer.Record.Sequence)
            entry.Peer = peer;
        bucket.Waiting.Remove(entry);
        Prove(entry, metAt, now);
        entry.Group = GroupOf(entry);
        _ = TryPlace(bucket, entry);
        if (!_entries.ContainsKey(peer.Id))
            Doubt(bucket, now);
    }

    /// <summary>The peer was there a moment ago: an open session, say.</summary>
    internal void NoteAlive(PeerId peer, Instant now)
    {
        if (_entries.TryGetValue(peer, out var entry))
            Prove(entry, entry.MetAt, now);
    }

    /// <summary>The peer did not answer. Whoever waits takes its place; else it stays for a while: it may be all that is known.</summary>
    internal void NoteFailure(PeerId peer)
    {
        if (!_entries.TryGetValue(peer, out var entry))
        {
            if (peer != self)
                Bucket(Position.Of(peer))?.Waiting.RemoveAll(w => w.Peer.Id == peer);
            return;
        }

        var bucket = Bucket(entry.Peer.Position)!;
        (entry.IsChecked, entry.IsDoubted) = (false, false);
        if (++entry.Failures < RoutingLimits.MaxFailures && bucket.Waiting.Count == 0)
            return;
        Remove(bucket, entry);
        Promote(bucket);
    }

    /// <summary>The nearest to a place, nearest first: those that did not fail before those that did.</summary>
    /// <param name="target">The place.</param>
    /// <param name="count">How many.</param>
    /// <param name="unixNow">The time of day: who has an outdated record is left out.</param>
    /// <param name="forOthers">Leave out those that failed: others are not sent to them.</param>
    internal List<KnownPeer> Closest(Position target, int count, DateTimeOffset unixNow, bool forOthers)
    {
        var nearest = new List<KnownPeer>(count);
        var byDistance = Comparer<RoutingEntry>.Create((left, right) => target.CompareDistance(left.Peer.Position, right.Peer.Position));
        Walk(entry => entry.Failures == 0);
        if (!forOthers)
            Walk(static entry => entry.Failures > 0);
        return nearest;

        // Bucket by bucket: those in the target's own agree with it in one bit more than all nearer to us do, and these in more than any that are farther from us.
        void Walk(Func<RoutingEntry, bool> counts)
        {
            var own = Math.Min(_self.CommonBits(target), Position.Bits - 1);
            Take(own, own);
            Take(own + 1, Position.Bits - 1);
            for (var index = own - 1; index >= 0 && nearest.Count < count; index--)
                Take(index, index);

            void Take(int first, int last)
            {
                if (nearest.Count >= count)
                    return;
                var part = new List<RoutingEntry>();
                for (var index = first; index <= last; index++)
                {
                    foreach (var entry in _buckets[index]?.Entries ?? [])
                    {
                        if (counts(entry) && entry.Peer.Record.IsCurrent(unixNow))
                            part.Add(entry);
                    }
                }

                part.Sort(byDistance);
                nearest.AddRange(part.Take(count - nearest.Count).Select(static e => e.Peer));
            }
        }
    }

    /// <summary>Who is to be asked whether it is there: one for whose place another waits, else who was not heard of for longest. Answered by <see cref="Meet"/>, <see cref="NoteAlive"/> or <see cref="NoteFailure"/>.</summary>
    internal bool PollCheck(Instant now, out KnownPeer peer)
    {
        peer = null!;
        if (_checked is { } last && now - last < RoutingLimits.CheckInterval)
            return false;
        var oldest = _entries.Values.Where(e => !e.IsChecked && (e.IsDoubted || e.Failures > 0 || now - e.LastSeen >= RoutingLimits.CheckAge))
            .OrderByDescending(static e => e.IsDoubted).ThenBy(static e => e.LastSeen).ThenBy(static e => e.Failures).FirstOrDefault();
        if (oldest is null)
            return false;
        (_checked, oldest.IsChecked, peer) = (now, true, oldest.Peer);
        return true;
    }

    /// <summary>A place to look up, so that a bucket is refreshed in which nobody was looked up for long; our own place first.</summary>
    internal bool PollRefresh(Instant now, out Position target)
    {
        target = _self;
        if (_entries.Count == 0)
            return false;
        var deepest = Array.FindLastIndex(_buckets, static b => b is { Entries.Count: > 0 });
        for (var index = deepest; index >= 0; index--)
        {
            var bucket = _buckets[index] ??= new RoutingBucket();
            if (bucket.LookedUp is { } last && now - last < RoutingLimits.RefreshInterval)
                continue;
            bucket.LookedUp = now;
            target = index == deepest ? _self : _self.RandomAt(index, random);
            return true;
        }

        return false;
    }

    /// <summary>Somebody was looked up there.</summary>
    internal void NoteLookup(Position target, Instant now)
    {
        if (Bucket(target) is { } bucket)
            bucket.LookedUp = now;
    }

    /// <summary>Drops records that do not count any more.</summary>
    internal void Sweep(DateTimeOffset unixNow)
    {
        foreach (var bucket in _buckets)
        {
            if (bucket is null)
                continue;
            bucket.Waiting.RemoveAll(w => !w.Peer.Record.IsCurrent(unixNow));
            foreach (var entry in bucket.Entries.Where(e => !e.Peer.Record.IsCurrent(unixNow)).ToList())
                Remove(bucket, entry);
            while (bucket.Waiting.Count > 0 && !bucket.IsFull && Promote(bucket))
            {
                // Until nobody waits who may enter.
            }
        }
    }

    private RoutingBucket? Bucket(Position position) => position == _self ? null : _buckets[_self.CommonBits(position)];

    private static void Prove(RoutingEntry entry, IPAddress? metAt, Instant now)
    {
        (entry.Proven, entry.Failures, entry.IsChecked, entry.IsDoubted) = (now, 0, false, false);
        entry.MetAt = metAt ?? entry.MetAt;
    }

    private void Update(RoutingEntry entry, KnownPeer peer)
    {
        if (peer.Record.Sequence <= entry.Peer.Record.Sequence)
            return;
        entry.Peer = peer;
        var bucket = Bucket(peer.Position)!;
        if (!Regroup(bucket, entry))
        {
            Remove(bucket, entry);
            Promote(bucket);
        }
    }

    private static PrefixGroup GroupOf(RoutingEntry entry) => entry.MetAt is null ? entry.Peer.Group : PrefixGroup.Of(entry.Peer.Record, entry.MetAt);

    /// <summary>Counts an entry where it belongs by now; false when there are too many already.</summary>
    private bool Regroup(RoutingBucket bucket, RoutingEntry entry)
    {
        var group = GroupOf(entry);
        if (group == entry.Group)
            return true;
        var fits = bucket.CountOf(group) < group.MaxInBucket && _groups.GetValueOrDefault(group) < group.MaxInTable;
        if (fits)
        {
            CountIn(entry.Group, -1);
            entry.Group = group;
            CountIn(group, 1);
        }

        return fits;
    }

    /// <summary>Finds a place: a free one, or that of somebody who never proved to be there, for one who did. Else it waits.</summary>
    private bool TryPlace(RoutingBucket bucket, RoutingEntry entry)
    {
        var isShareFull = bucket.CountOf(entry.Group) >= entry.Group.MaxInBucket;
        if (isShareFull || bucket.IsFull)
        {
            var weak = bucket.Entries.Find(e => (e.Proven is null || e.Failures > 0) && (!isShareFull || e.Group == entry.Group));
            if (entry.Proven is null || weak is null)
            {
                if (!isShareFull)
                    bucket.Wait(entry);
                return false;
            }

            Remove(bucket, weak);
            bucket.Wait(weak);
        }

        if (_groups.GetValueOrDefault(entry.Group) >= entry.Group.MaxInTable)
            return false;
        bucket.Entries.Add(entry);
        _entries[entry.Peer.Id] = entry;
        CountIn(entry.Group, 1);
        return true;
    }

    /// <summary>Somebody who is there waits for a place: whoever was seen least lately has to prove that it still is, unless that is a moment ago.</summary>
    private static void Doubt(RoutingBucket bucket, Instant now)
    {
        if (bucket.IsFull && bucket.Entries.MinBy(static e => e.LastSeen) is { } oldest && now - oldest.LastSeen >= RoutingLimits.FreshAge)
            oldest.IsDoubted = true;
    }

    private void Remove(RoutingBucket bucket, RoutingEntry entry)
    {
        bucket.Entries.Remove(entry);
        _entries.Remove(entry.Peer.Id);
        CountIn(entry.Group, -1);
    }

    /// <summary>Gives a free place to whoever came last and may have it.</summary>
    private bool Promote(RoutingBucket bucket)
    {
        for (var i = bucket.Waiting.Count - 1; i >= 0; i--)
        {
            var entry = bucket.Waiting[i];
            if (bucket.CountOf(entry.Group) >= entry.Group.MaxInBucket || _groups.GetValueOrDefault(entry.Group) >= entry.Group.MaxInTable)
                continue;
            bucket.Waiting.RemoveAt(i);
            return TryPlace(bucket, entry);
        }

        return false;
    }

    private void CountIn(PrefixGroup group, int change)
    {
        var count = _groups.GetValueOrDefault(group) + change;
        if (count == 0)
            _groups.Remove(group);
        else
            _groups[group] = count;
    }
}
