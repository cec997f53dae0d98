using Crust.Buffers;

namespace Crust.Session.Driver;

/// <summary>Messages of one protocol that wait for its handler. Filled under the session's lock; emptied in one go, so that the two meet rarely.</summary>
internal sealed class InboundQueue
{
    private readonly Lock _gate = new();
    private readonly AsyncSignal _signal = new();
    private List<Item> _filling = [];
    private bool _isComplete;

    internal readonly record struct Item(DeliveredMessage Message, PayloadLease Payload);

    /// <summary>Messages that wait.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
                return _filling.Count;
        }
    }

    internal void Add(in Item item)
    {
        lock (_gate)
        {
            _filling.Add(item);
            if (_filling.Count > 1)
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

    /// <summary>Waits for messages and exchanges them for an emptied list; null when there will be none.</summary>
    internal async ValueTask<List<Item>?> TakeAsync(List<Item> emptied)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_filling.Count > 0)
                {
                    (var full, _filling) = (_filling, emptied);
                    return full;
                }

                if (_isComplete)
                    return null;
                // What a burst needed is not kept while nothing comes.
                if (emptied.Capacity > 256)
                    emptied.Capacity = 0;
                if (_filling.Capacity > 256)
                    _filling.Capacity = 0;
            }

            await _signal.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }
}
