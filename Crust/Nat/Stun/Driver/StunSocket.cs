using System.Net;
using Crust.Primitives;
using Crust.Udp;

namespace Crust.Nat.Stun.Driver;

/// <summary>A UDP socket for STUN alone: a server's second port, a socket whose mapping is looked at. What is not STUN is dropped.</summary>
internal sealed class StunSocket : IDatagramHandler, IDisposable
{
    /// <summary>Kernel buffers. Ours: a thousand short messages.</summary>
    private const int KernelBufferLength = 256 * 1024;

    private readonly Demultiplexer _socket;

    private StunSocket(IDatagramSocket socket)
    {
        _socket = new Demultiplexer(socket);
        Dispatcher = StunDispatcher.Of(_socket);
        _socket.Start(this);
    }

    internal StunDispatcher Dispatcher { get; }

    /// <summary>Binds one; port 0 draws a random port.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The port is in use or the address is not ours.</exception>
    internal static StunSocket Bind(IPEndPoint local, Func<IPEndPoint, DatagramSocketOptions, IDatagramSocket>? bind = null) =>
        new((bind ?? DatagramSockets.Bind)(local, new DatagramSocketOptions { KernelBufferLength = KernelBufferLength }));

    public void HandleReceived(DatagramBatch batch)
    {
        // STUN was taken before.
    }

    public void HandleWritable()
    {
    }

    public void HandleWake()
    {
    }

    public void HandleUnreachable(TransportAddress remote)
    {
    }

    public void HandleFailure(Exception exception)
    {
        // It receives no more; requests go unanswered, which every caller reckons with.
    }

    public void Dispose() => _socket.Dispose();
}
