using System.Buffers;
using Crust.Buffers;
using Crust.Identity.Evidence;
using Crust.Primitives.Driver;

namespace Crust.Session.Driver;

/// <summary>
/// Messages of one protocol that wait for its handler. Filled under the session's lock, and shown in one go to the handler's thread, which takes them in one go:
/// the two meet rarely. Its arrays are borrowed while there is something in them.
/// </summary>
internal sealed class InboundQueue(string protocol)
{
    private const int FirstRoom = 64;

    private readonly Lock _gate = new();
    private readonly AsyncSignal _signal = new();

    /// <summary>What came since <see cref="Show"/>: of the session's lock.</summary>
    private Item[] _arriving = [];
    private int _arrived;
    private Item[] _items = [];
    private int _count;

    /// <summary>As many as were taken last tell how many will come.</summary>
    private int _room = FirstRoom;
    private bool _isComplete;

    internal readonly record struct Item(PayloadLease Payload, ulong Number, bool IsSigned, BatchEvidence? Evidence);

    internal string Protocol => protocol;

    /// <summary>Messages that wait. Under the session's lock.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
                return _count + _arrived;
        }
    }

    /// <summary>Adds a message, to be shown later. Under the session's lock.</summary>
    /// <returns>True when it is the first one since <see cref="Show"/>.</returns>
    internal bool Add(in Item item)
    {
        if (_arrived == _arriving.Length)
            Grow(ref _arriving, _arrived, _arrived + 1);
        _arriving[_arrived++] = item;
        return _arrived == 1;
    }

    /// <summary>Lets the handler's thread have what was added. Under the session's lock.</summary>
    internal void Show()
    {
        lock (_gate)
        {
            if (_count == 0)
            {
                (_items, _count) = (_arriving, _arrived);
            }
            else
            {
                if (_count + _arrived > _items.Length)
                    Grow(ref _items, _count, _count + _arrived);
                _arriving.AsSpan(0, _arrived).CopyTo(_items.AsSpan(_count));
                _count += _arrived;
                GiveBack(new ArraySegment<Item>(_arriving, 0, _arrived));
            }
        }

        (_arriving, _arrived) = ([], 0);
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
                    (_items, _count, _room) = ([], 0, _count);
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

    private void Grow(ref Item[] items, int count, int needed)
    {
        var larger = ArrayPool<Item>.Shared.Rent(Math.Max(Math.Max(FirstRoom, Volatile.Read(ref _room)), Math.Max(count * 2, needed)));
        items.AsSpan(0, count).CopyTo(larger);
        if (count > 0)
            GiveBack(new ArraySegment<Item>(items, 0, count));
        items = larger;
    }
}
