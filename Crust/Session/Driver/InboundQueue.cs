using System.Buffers;
using Crust.Buffers;

namespace Crust.Session.Driver;

/// <summary>
/// Messages of one protocol that wait for its handler. Filled under the session's lock; emptied in one go, so that the two meet rarely. Its arrays are
/// borrowed while there is something in them.
/// </summary>
internal sealed class InboundQueue
{
    private const int FirstRoom = 64;

    private readonly Lock _gate = new();
    private readonly AsyncSignal _signal = new();
    private Item[] _items = [];
    private int _count;
    private bool _isComplete;

    internal readonly record struct Item(DeliveredMessage Message, PayloadLease Payload);

    /// <summary>Messages that wait.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
                return _count;
        }
    }

    internal void Add(in Item item)
    {
        lock (_gate)
        {
            if (_count == _items.Length)
                Grow();
            _items[_count++] = item;
            if (_count > 1)
                return;
        }

        _signal.Set();
    }

    /// <summary>No more come.</summary>
    internal void Complete()
    {
        lock (_gate)
            _isComplete = true;
        _signal.Set();
    }

    /// <summary>Waits for messages and takes all of them, to be given back as an array; default when there will be none.</summary>
    internal async ValueTask<ArraySegment<Item>> TakeAsync()
    {
        while (true)
        {
            lock (_gate)
            {
                if (_count > 0)
                {
                    var taken = new ArraySegment<Item>(_items, 0, _count);
                    (_items, _count) = ([], 0);
                    return taken;
                }

                if (_isComplete)
                    return default;
            }

            await _signal.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    internal static void GiveBack(ArraySegment<Item> taken)
    {
        taken.AsSpan().Clear();
        ArrayPool<Item>.Shared.Return(taken.Array!);
    }

    private void Grow()
    {
        var larger = ArrayPool<Item>.Shared.Rent(Math.Max(FirstRoom, _count * 2));
        _items.AsSpan(0, _count).CopyTo(larger);
        if (_count > 0)
            GiveBack(new ArraySegment<Item>(_items, 0, _count));
        _items = larger;
    }
}
