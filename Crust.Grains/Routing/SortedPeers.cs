using System.Runtime.InteropServices;

namespace Crust.Grains.Routing;

/// <summary>Numbers of peers sorted by hash, and the exact nearest ones by XOR distance. Pure; one thread at a time.</summary>
/// <param name="slots">Where the peers are. Borrowed.</param>
internal sealed class SortedPeers(SlotPool<PeerSlot> slots)
{
    private readonly List<int> _sorted = [];

    internal int Count => _sorted.Count;

    /// <summary>All of them, sorted; valid until the next change.</summary>
    internal ReadOnlySpan<int> Numbers => CollectionsMarshal.AsSpan(_sorted);

    /// <summary>Adds a peer whose hash is not there yet.</summary>
    internal void Add(int number) => _sorted.Insert(LowerBound(slots[number].Hash), number);

    /// <summary>Removes a peer, which is still in its slot.</summary>
    internal void Remove(int number)
    {
        var index = LowerBound(slots[number].Hash);
        if (index < _sorted.Count && _sorted[index] == number)
            _sorted.RemoveAt(index);
    }

    /// <summary>Removes many at once.</summary>
    internal void Remove(IReadOnlySet<int> numbers)
    {
        _sorted.RemoveAll(numbers.Contains);
        if (_sorted.Count == 0)
            _sorted.TrimExcess();
    }

    /// <summary>
    /// The nearest peers, nearest first. The sorted hashes are a binary trie: at each bit, all that agree with the target are nearer than all that
    /// do not, so the walk takes the agreeing half first and needs no distances.
    /// </summary>
    internal List<int> Closest(PeerHash target, int count)
    {
        var found = new List<int>(Math.Min(count, _sorted.Count));
        Walk(target, count, 0, _sorted.Count, 0, found);
        return found;
    }

    private void Walk(PeerHash target, int count, int low, int high, int bit, List<int> found)
    {
        if (low == high || found.Count >= count)
            return;
        if (high - low == 1 || bit == PeerHash.Bits)
        {
            found.Add(_sorted[low]);
            return;
        }

        var split = FirstWithBit(low, high, bit);
        if (target.Bit(bit))
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

    /// <summary>In a range that agrees in all earlier bits, the first that has this one.</summary>
    private int FirstWithBit(int low, int high, int bit)
    {
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (slots[_sorted[middle]].Hash.Bit(bit))
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    private int LowerBound(PeerHash hash)
    {
        var (low, high) = (0, _sorted.Count);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (slots[_sorted[middle]].Hash.CompareTo(hash) < 0)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
