namespace Crust.Primitives;

/// <summary>A queue with an index: items are added at the end and leave at the front. Grows by doubling; an empty one lets a large array go.</summary>
internal sealed class RingBuffer<T>
{
    private const int SmallCapacity = 16;

    /// <summary>Ours: arrays up to this length are kept for the next burst.</summary>
    private const int KeptCapacity = 1024;

    private T[] _items = [];
    private int _head;

    internal int Count { get; private set; }

    /// <summary>The item at this distance from the front.</summary>
    internal T this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(unchecked((uint)index), (uint)Count);
            return _items[(_head + index) & (_items.Length - 1)];
        }
    }

    internal void Add(T item)
    {
        if (Count == _items.Length)
            Grow();
        _items[(_head + Count) & (_items.Length - 1)] = item;
        Count++;
    }

    /// <summary>Takes the item at the front; false when there is none.</summary>
    internal bool TryTake(out T item)
    {
        if (Count == 0)
        {
            item = default!;
            return false;
        }

        item = _items[_head];
        _items[_head] = default!;
        _head = (_head + 1) & (_items.Length - 1);
        Count--;
        return true;
    }

    /// <summary>Lets go of the array, if it is empty and large, or <paramref name="all"/> is wanted.</summary>
    internal void TrimWhenEmpty(bool all = false)
    {
        if (Count > 0 || (!all && _items.Length <= KeptCapacity))
            return;
        _items = [];
        _head = 0;
    }

    private void Grow()
    {
        var larger = new T[Math.Max(SmallCapacity, _items.Length * 2)];
        for (var i = 0; i < Count; i++)
            larger[i] = _items[(_head + i) & (_items.Length - 1)];
        _items = larger;
        _head = 0;
    }
}
