using System.Net;
using Crust.Buffers;
using Crust.Primitives;
using Crust.Udp;

namespace Crust.Tests.Interop.Utp;

/// <summary>A socket whose kernel buffer is full after every other datagram: it takes a part of a train, and says later that it takes more.</summary>
internal sealed class ThrottledSocket(IDatagramSocket socket) : IDatagramSocket
{
    private IDatagramHandler? _handler;
    private int _calls;

    public IPEndPoint LocalEndPoint => socket.LocalEndPoint;

    public bool SendsTrains => socket.SendsTrains;

    public void Start(IDatagramHandler handler)
    {
        _handler = handler;
        socket.Start(handler);
    }

    public DatagramSendStatus Send(ReadOnlySpan<byte> datagrams, int segmentLength, TransportAddress remote, out int sent)
    {
        var take = Math.Min(datagrams.Length, Interlocked.Increment(ref _calls) % 3 * segmentLength);
        sent = 0;
        if (take > 0 && socket.Send(datagrams[..take], segmentLength, remote, out sent) != DatagramSendStatus.Sent)
            throw new InvalidOperationException("Loopback is never full.");
        if (sent == datagrams.Length)
            return DatagramSendStatus.Sent;
        ThreadPool.UnsafeQueueUserWorkItem(static handler => handler.HandleWritable(), _handler!, preferLocal: false);
        return DatagramSendStatus.Full;
    }

    public bool TrySend(GatherList datagrams, int segmentLength, TransportAddress remote) => false;

    public DatagramSendStatus SendProbe(ReadOnlySpan<byte> datagram, TransportAddress remote) => socket.SendProbe(datagram, remote);

    public DatagramSendStatus SendShort(ReadOnlySpan<byte> datagram, TransportAddress remote, int hops) => socket.SendShort(datagram, remote, hops);

    public void WakeAfter(TimeSpan delay) => socket.WakeAfter(delay);

    public void Dispose() => socket.Dispose();
}
