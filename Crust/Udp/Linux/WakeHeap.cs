namespace Crust.Udp.Linux;

/// <summary>Which socket is to be woken next: a binary heap in which every socket stands at most once and knows its place. Its poller's lock.</summary>
internal sealed class WakeHeap
{
    private LinuxDatagramSocket[] _sockets = new LinuxDatagramSocket[4];
    private int _count;

    /// <summary>When the first one is due; <see cref="long.MaxValue"/> when there is none.</summary>
    internal long Earliest => _count == 0 ? long.MaxValue : _sockets[0].WakeAt;

    /// <summary>Puts a socket in, or moves it.</summary>
    internal void Set(LinuxDatagramSocket socket, long at)
    {
        if (socket.WakePlace == 0)
        {
            if (_count == _sockets.Length)
                Array.Resize(ref _sockets, _count * 2);
            Put(socket, _count++);
        }

        socket.WakeAt = at;
        Sift(socket.WakePlace - 1);
    }

    internal void Remove(LinuxDatagramSocket socket)
    {
        if (socket.WakePlace == 0)
            return;
        var place = socket.WakePlace - 1;
        socket.WakePlace = 0;
        var last = _sockets[--_count];
        _sockets[_count] = null!;
        if (last == socket)
            return;
        Put(last, place);
        Sift(place);
    }

    /// <summary>Takes the first one out if it is due.</summary>
    internal LinuxDatagramSocket? Take(long now)
    {
        if (Earliest > now)
            return null;
        var first = _sockets[0];
        Remove(first);
        return first;
    }

    private void Sift(int place)
    {
        for (var parent = (place - 1) / 2; place > 0 && _sockets[place].WakeAt < _sockets[parent].WakeAt; place = parent, parent = (place - 1) / 2)
            Swap(place, parent);
        while (true)
        {
            var child = place * 2 + 1;
            if (child >= _count)
                return;
            if (child + 1 < _count && _sockets[child + 1].WakeAt < _sockets[child].WakeAt)
                child++;
            if (_sockets[place].WakeAt <= _sockets[child].WakeAt)
                return;
            Swap(place, child);
            place = child;
        }
    }

    private void Swap(int a, int b)
    {
        var first = _sockets[a];
        Put(_sockets[b], a);
        Put(first, b);
    }

    private void Put(LinuxDatagramSocket socket, int place)
    {
        _sockets[place] = socket;
        socket.WakePlace = place + 1;
    }
}
