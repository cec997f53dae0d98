using System.Net;
using Crust.Buffers;
using Crust.Primitives;

namespace Crust.Udp;

/// <summary>
/// A bound UDP socket (RFC 768). What comes in is handed to one <see cref="IDatagramHandler"/>, in batches. Thread safe.
/// Disposal closes it; a call to the handler that is under way then may still end after it.
/// </summary>
internal interface IDatagramSocket : IDisposable
{
    /// <summary>Where it is bound.</summary>
    IPEndPoint LocalEndPoint { get; }

    /// <summary>Whether trains of datagrams pass the kernel as one (UDP_SEGMENT): sending many costs little more than sending one.</summary>
    bool SendsTrains { get; }

    /// <summary>Begins to receive. Once.</summary>
    void Start(IDatagramHandler handler);

    /// <summary>Sends datagrams that lie behind one another; never waits.</summary>
    /// <param name="datagrams">All of them.</param>
    /// <param name="segmentLength">Bytes of each; the last one may be shorter.</param>
    /// <param name="remote">Whom they go to.</param>
    /// <param name="sent">Bytes, whole datagrams, that the kernel took; all of them only with <see cref="DatagramSendStatus.Sent"/>.</param>
    DatagramSendStatus Send(ReadOnlySpan<byte> datagrams, int segmentLength, TransportAddress remote, out int sent);

    /// <summary>Sends a train from where it lies; never waits.</summary>
    /// <param name="datagrams">At most 64 datagrams and 65,000 bytes.</param>
    /// <param name="segmentLength">Bytes of each; the last one may be shorter.</param>
    /// <param name="remote">Whom they go to.</param>
    /// <returns>False when nothing was sent, for whatever reason: <see cref="Send(ReadOnlySpan{byte}, int, TransportAddress, out int)"/> tells.</returns>
    bool TrySend(GatherList datagrams, int segmentLength, TransportAddress remote);

    /// <summary>Sends one datagram that nobody on the path may fragment, this host included: it asks whether the path takes that length.</summary>
    DatagramSendStatus SendProbe(ReadOnlySpan<byte> datagram, TransportAddress remote);

    /// <summary>
    /// Sends one datagram that dies after so many routers (IP TTL, RFC 791; hop limit, RFC 8200), 1 to 255. Nothing else may be sent from the socket meanwhile: it
    /// would die there too.
    /// </summary>
    DatagramSendStatus SendShort(ReadOnlySpan<byte> datagram, TransportAddress remote, int hops);

    /// <summary>Asks for one call of <see cref="IDatagramHandler.HandleWake"/> after this time. A later call replaces an earlier one.</summary>
    void WakeAfter(TimeSpan delay);
}
