namespace Crust.Tests.Older.Grains.Routing;

/// <summary>Entries sorted by hash, and the exact nearest ones by XOR distance. Pure; one thread at a time.</summary>
internal sealed class SortedPeers
{
    private const int HashBits = 256;

    private readonly List<RoutingEntry> _sorted = [];

    internal int Count => _sorted.Count;

    /// <summary>Adds an entry whose hash is not there yet.</summary>
    internal void Add(RoutingEntry entry) => _sorted.Insert(LowerBound(entry.Hash), entry);

    internal void Remove(RoutingEntry entry)
    {
        var index = LowerBound(entry.Hash);
        if (index < _sorted.Count && ReferenceEquals(_sorted[index], entry))
            _sorted.RemoveAt(index);
    }

    /// <summary>
    /// The nearest entries, nearest first. The sorted hashes are a binary trie: at each bit, all entries that agree with the target are nearer than all that
    /// do not, so the walk takes the agreeing half first and needs no distances.
    /// </summary>
    internal List<RoutingEntry> Closest(ReadOnlySpan<byte> target, int count)
    {
        var found = new List<RoutingEntry>(Math.Min(count, _sorted.Count));
        Walk(target, count, 0, _sorted.Count, 0, found);
        return found;
    }

    private void Walk(ReadOnlySpan<byte> target, int count, int low, int high, int bit, List<RoutingEntry> found)
    {
        if (low == high || found.Count >= count)
            return;
        if (high - low == 1 || bit == HashBits)
        {
            found.Add(_sorted[low]);
            return;
        }

        var split = FirstWithBit(low, high, bit);
        if (Bit(target, bit))
        {
            Walk(target, count, split, high, bit + 1, found);
            Walk(target, count, low, split, bit + 1, found);
        }
        else
        {
            Walk(target, count, low, split, bit + 1, found);
            Walk(target, count, split, high, bit + 1, found);
        }
    }

    private static bool Bit(ReadOnlySpan<byte> hash, int bit) => (hash[bit >> 3] & (0x80 >> (bit & 7))) != 0;

    /// <summary>In a range that agrees in all earlier bits, the first entry that has this one.</summary>
    private int FirstWithBit(int low, int high, int bit)
    {
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (Bit(_sorted[middle].Hash, bit))
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    private int LowerBound(ReadOnlySpan<byte> hash)
    {
        var (low, high) = (0, _sorted.Count);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (_sorted[middle].Hash.AsSpan().SequenceCompareTo(hash) < 0)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
