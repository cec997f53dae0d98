using Crust.Identity;

namespace Crust.Grains.Routing;

/// <summary>The peers of a zone by id and by position. Pure; one thread at a time.</summary>
internal sealed class PeerTable
{
    private const int MinBuckets = 16;

    private readonly SlotPool<PeerSlot> _slots = new();
    private int[] _buckets = NewBuckets(MinBuckets);

    internal PeerTable() => Sorted = new SortedPeers(_slots);

    internal int Count => _slots.Count;

    /// <summary>All of them by position.</summary>
    internal SortedPeers Sorted { get; }

    /// <summary>A peer in its place, by its number, which it keeps.</summary>
    internal ref PeerSlot this[int number] => ref _slots[number];

    /// <summary>The number of a peer; −1 when it is not there.</summary>
    internal int Find(PeerId peer, PeerHash hash)
    {
        var number = _buckets[hash.Bucket(_buckets.Length - 1)];
        while (number >= 0 && _slots[number].Peer != peer)
            number = _slots[number].NextInBucket;
        return number;
    }

    /// <summary>Adds a peer that is not there, without an attachment.</summary>
    internal int Add(PeerId peer, PeerHash hash, ulong epoch)
    {
        if (_slots.Count == _buckets.Length)
            Grow();
        ref var bucket = ref _buckets[hash.Bucket(_buckets.Length - 1)];
        bucket = _slots.Add(new PeerSlot { Peer = peer, Hash = hash, Epoch = epoch, Attachment = -1, NextInBucket = bucket });
        Sorted.Add(bucket);
        return bucket;
    }

    /// <summary>Removes a peer.</summary>
    internal void Remove(int number)
    {
        Sorted.Remove(number);
        Unlink(number);
    }

    /// <summary>Removes many: each costs what one alone would cost the sorted table for all of them.</summary>
    internal void Remove(IReadOnlySet<int> numbers)
    {
        if (numbers.Count == 0)
            return;
        Sorted.Remove(numbers);
        foreach (var number in numbers)
            Unlink(number);
    }

    private static int[] NewBuckets(int length)
    {
        var buckets = new int[length];
        Array.Fill(buckets, -1);
        return buckets;
    }

    private void Unlink(int number)
    {
        ref var link = ref _buckets[_slots[number].Hash.Bucket(_buckets.Length - 1)];
        while (link != number)
            link = ref _slots[link].NextInBucket;
        link = _slots[number].NextInBucket;
        _slots.Remove(number);
        if (_slots.Count == 0)
            _buckets = NewBuckets(MinBuckets);
    }

    private void Grow()
    {
        var buckets = NewBuckets(_buckets.Length * 2);
        foreach (var number in Sorted.Numbers)
        {
            ref var bucket = ref buckets[_slots[number].Hash.Bucket(buckets.Length - 1)];
            _slots[number].NextInBucket = bucket;
            bucket = number;
        }

        _buckets = buckets;
    }
}
