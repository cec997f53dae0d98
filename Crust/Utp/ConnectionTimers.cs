namespace Crust.Utp;

/// <summary>
/// Deadlines of connections: a binary heap. A deadline that moves later costs nothing until the earlier one comes, which then finds nothing due;
/// so the timer of each acknowledgement is free.
/// </summary>
internal sealed class ConnectionTimers
{
    private const int SmallCapacity = 16;

    private (long Microseconds, UtpConnection Connection)[] _heap = [];
    private int _count;

    /// <summary>The first deadline; null without any.</summary>
    internal long? First => _count > 0 ? _heap[0].Microseconds : null;

    /// <summary>Makes sure that the connection's timer comes at this time or before.</summary>
    internal void Schedule(UtpConnection connection, long microseconds)
    {
        var index = connection.TimerIndex;
        if (index >= 0)
        {
            if (_heap[index].Microseconds <= microseconds)
                return;
            _heap[index].Microseconds = microseconds;
        }
        else
        {
            if (_count == _heap.Length)
                Array.Resize(ref _heap, Math.Max(SmallCapacity, _count * 2));
            index = _count++;
            _heap[index] = (microseconds, connection);
        }

        Up(index);
    }

    /// <summary>Takes the first connection whose timer has come.</summary>
    internal bool TryTake(long nowMicroseconds, out UtpConnection connection)
    {
        if (_count == 0 || _heap[0].Microseconds > nowMicroseconds)
        {
            connection = null!;
            return false;
        }

        connection = _heap[0].Connection;
        Remove(connection);
        return true;
    }

    internal void Remove(UtpConnection connection)
    {
        var index = connection.TimerIndex;
        if (index < 0)
            return;
        connection.TimerIndex = -1;
        var last = _heap[--_count];
        _heap[_count] = default;
        if (index == _count)
            return;
        _heap[index] = last;
        last.Connection.TimerIndex = index;
        Up(index);
        Down(last.Connection.TimerIndex);
    }

    private void Up(int index)
    {
        var item = _heap[index];
        while (index > 0)
        {
            var parent = (index - 1) / 2;
            if (_heap[parent].Microseconds <= item.Microseconds)
                break;
            Place(index, _heap[parent]);
            index = parent;
        }

        Place(index, item);
    }

    private void Down(int index)
    {
        var item = _heap[index];
        while (true)
        {
            var child = (2 * index) + 1;
            if (child >= _count)
                break;
            if (child + 1 < _count && _heap[child + 1].Microseconds < _heap[child].Microseconds)
                child++;
            if (_heap[child].Microseconds >= item.Microseconds)
                break;
            Place(index, _heap[child]);
            index = child;
        }

        Place(index, item);
    }

    private void Place(int index, (long Microseconds, UtpConnection Connection) item)
    {
        _heap[index] = item;
        item.Connection.TimerIndex = index;
    }
}
