using System.Text;
using Crust.Buffers;
using Crust.Primitives;
using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Session;

/// <summary>Datagrams on their way out: a few, the newest count. What finds no room, or no link, is lost; that is what they are for.</summary>
internal sealed class DatagramQueue(PayloadArena arena)
{
    /// <summary>Ours: a burst, not a backlog.</summary>
    internal const int MaxQueued = 64;

    private readonly RingBuffer<(byte[] Protocol, PayloadLease Payload)> _queue = new();
    private readonly Dictionary<string, byte[]> _names = [];

    internal bool IsEmpty => _queue.Count == 0;

    internal long Sent { get; private set; }

    internal long Dropped { get; private set; }

    /// <summary>Queues a copy; the oldest makes room. False when protocol or length are not admitted.</summary>
    internal bool TryAdd(string protocol, ReadOnlySpan<byte> payload)
    {
        if (payload.Length > WireLimits.MaxDatagramLength || Name(protocol) is not { } name)
            return false;
        if (_queue.Count == MaxQueued)
            DropFirst();
        _queue.Add((name, arena.Copy(payload)));
        return true;
    }

    /// <summary>Begins no datagram in the second half of a record: a flood of them leaves room for everything else.</summary>
    internal void Write(ref SpanWriter writer)
    {
        while (_queue.Count > 0 && writer.Position <= writer.Remaining && DatagramFrame.Length(_queue[0].Protocol.Length, _queue[0].Payload.Length) <= writer.Remaining)
        {
            _ = _queue.TryTake(out var datagram);
            new DatagramFrame(datagram.Protocol, datagram.Payload.Span).Write(ref writer);
            arena.Return(datagram.Payload);
            Sent++;
        }
    }

    /// <summary>No link: what waits is too late for the next.</summary>
    internal void Clear()
    {
        while (_queue.Count > 0)
            DropFirst();
    }

    private byte[]? Name(string protocol)
    {
        if (_names.TryGetValue(protocol, out var name))
            return name;
        if (_names.Count == WireLimits.MaxProtocols || protocol.Length > WireLimits.MaxProtocolNameLength)
            return null;
        name = Encoding.UTF8.GetBytes(protocol);
        if (!ProtocolFrame.IsValidName(name))
            return null;
        _names.Add(protocol, name);
        return name;
    }

    private void DropFirst()
    {
        _ = _queue.TryTake(out var datagram);
        arena.Return(datagram.Payload);
        Dropped++;
    }
}
