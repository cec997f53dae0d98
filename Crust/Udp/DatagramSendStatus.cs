namespace Crust.Udp;

/// <summary>What became of datagrams that were to be sent.</summary>
internal enum DatagramSendStatus
{
    /// <summary>The kernel took all of them.</summary>
    Sent,

    /// <summary>The kernel takes no more now (EAGAIN, ENOBUFS); <see cref="IDatagramHandler.HandleWritable"/> follows, once.</summary>
    Full,

    /// <summary>The next one is longer than the interface takes (EMSGSIZE).</summary>
    TooLong,

    /// <summary>There is no way to that address (EHOSTUNREACH, ENETUNREACH, ECONNREFUSED, a firewall's EPERM).</summary>
    Unreachable,

    /// <summary>The socket was disposed of.</summary>
    Closed,
}
