using Crust.Primitives;

namespace Crust.Udp;

/// <summary>
/// Who takes what a socket receives. Called on threads that serve other sockets too: it must neither wait nor run an application's code. One
/// call at a time for a socket of the operating system's poller; <see cref="HandleWake"/> of a portable socket may come beside another.
/// </summary>
internal interface IDatagramHandler
{
    /// <summary>Datagrams came. They are the socket's again when this returns.</summary>
    void HandleReceived(DatagramBatch batch);

    /// <summary>After <see cref="DatagramSendStatus.Full"/>: the kernel takes datagrams again.</summary>
    void HandleWritable();

    /// <summary>The time that <see cref="IDatagramSocket.WakeAfter"/> asked for has come.</summary>
    void HandleWake();

    /// <summary>An ICMP error says that nobody is there. A hint: anybody can send one.</summary>
    void HandleUnreachable(TransportAddress remote);

    /// <summary>A call of this handler threw, or receiving failed for good: a bug, or a host in need. The socket receives no more.</summary>
    void HandleFailure(Exception exception);
}
