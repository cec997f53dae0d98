using Crust.Primitives;

namespace Crust.Udp;

/// <summary>What one call to the kernel received: a buffer and the trains in it. Used again and again by one thread.</summary>
internal sealed class DatagramBatch
{
    private readonly byte[] _buffer;
    private readonly ReceivedDatagrams[] _trains;

    /// <param name="bufferLength">Bytes of the buffer; it is pinned.</param>
    /// <param name="maxTrains">Most trains in a batch.</param>
    internal DatagramBatch(int bufferLength, int maxTrains)
    {
        _buffer = GC.AllocateUninitializedArray<byte>(bufferLength, pinned: true);
        _trains = new ReceivedDatagrams[maxTrains];
    }

    /// <summary>Trains in it.</summary>
    internal int Count { get; private set; }

    internal ReadOnlySpan<ReceivedDatagrams> Trains => _trains.AsSpan(0, Count);

    /// <summary>The whole buffer, for whoever fills it.</summary>
    internal Memory<byte> Buffer => _buffer;

    /// <summary>The bytes of a train.</summary>
    internal Span<byte> Bytes(in ReceivedDatagrams train) => _buffer.AsSpan(train.Offset, train.Length);

    internal void Clear() => Count = 0;

    /// <summary>Notes a train. Nothing, and what was cut off, is none.</summary>
    internal void Add(int offset, int length, int segmentLength, TransportAddress remote)
    {
        if (length > 0)
            _trains[Count++] = new ReceivedDatagrams(offset, length, segmentLength is > 0 ? Math.Min(segmentLength, length) : length, remote);
    }
}
