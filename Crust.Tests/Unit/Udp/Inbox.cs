using System.Collections.Concurrent;
using Crust.Primitives;
using Crust.Udp;

namespace Crust.Tests.Unit.Udp;

/// <summary>Keeps what a socket hands over.</summary>
internal sealed class Inbox : IDatagramHandler
{
    private int _batches;
    private int _wakes;
    private int _writables;

    internal ConcurrentQueue<(TransportAddress Remote, byte[] Datagram)> Datagrams { get; } = new();

    internal ConcurrentQueue<TransportAddress> Unreachable { get; } = new();

    internal ConcurrentQueue<Exception> Failures { get; } = new();

    internal int Batches => Volatile.Read(ref _batches);

    internal int Wakes => Volatile.Read(ref _wakes);

    internal int Writables => Volatile.Read(ref _writables);

    /// <summary>What a call of the handler also does.</summary>
    internal Action Also { get; set; } = static () => { };

    public void HandleReceived(DatagramBatch batch)
    {
        Interlocked.Increment(ref _batches);
        foreach (var train in batch.Trains)
        {
            var bytes = batch.Bytes(train);
            for (var offset = 0; offset < bytes.Length; offset += train.SegmentLength)
                Datagrams.Enqueue((train.Remote, bytes.Slice(offset, Math.Min(train.SegmentLength, bytes.Length - offset)).ToArray()));
        }

        Also();
    }

    public void HandleWritable() => Interlocked.Increment(ref _writables);

    public void HandleWake()
    {
        Interlocked.Increment(ref _wakes);
        Also();
    }

    public void HandleUnreachable(TransportAddress remote) => Unreachable.Enqueue(remote);

    public void HandleFailure(Exception exception) => Failures.Enqueue(exception);
}
