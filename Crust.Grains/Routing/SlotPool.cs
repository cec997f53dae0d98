namespace Crust.Grains.Routing;

/// <summary>
/// Values by small numbers, in place: blocks of a few hundred, so that a table of any size wastes less than one of them, copies nothing as it grows, and is a
/// few objects for the collector. A number that was freed is given again. Pure; one thread at a time.
/// </summary>
internal sealed class SlotPool<T>
    where T : struct
{
    private const int BlockBits = 8, BlockLength = 1 << BlockBits;

    private readonly List<T[]> _blocks = [];
    private readonly Stack<int> _free = new();
    private int _end;

    /// <summary>Values in use.</summary>
    internal int Count => _end - _free.Count;

    /// <summary>One above the highest number that was ever given since the pool was empty.</summary>
    internal int End => _end;

    /// <summary>A value in its place. It must be in use.</summary>
    internal ref T this[int number] => ref _blocks[number >> BlockBits][number & (BlockLength - 1)];

    /// <summary>Puts a value into a free place; returns its number.</summary>
    internal int Add(in T value)
    {
        if (!_free.TryPop(out var number))
        {
            number = _end++;
            if (number >> BlockBits == _blocks.Count)
                _blocks.Add(new T[BlockLength]);
        }

        this[number] = value;
        return number;
    }

    /// <summary>Frees a number. What it held is let go; an empty pool lets everything go.</summary>
    internal void Remove(int number)
    {
        this[number] = default;
        _free.Push(number);
        if (Count > 0)
            return;
        _blocks.Clear();
        _blocks.TrimExcess();
        _free.Clear();
        _free.TrimExcess();
        _end = 0;
    }
}
