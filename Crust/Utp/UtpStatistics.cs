namespace Crust.Utp;

/// <summary>What an endpoint counted since it began. Read by its own thread, or as a glance by others.</summary>
internal sealed class UtpStatistics
{
    internal long DatagramsReceived { get; set; }

    internal long DatagramsSent { get; set; }

    /// <summary>Bytes of datagrams sent, headers of IP and UDP not counted.</summary>
    internal long BytesSent { get; set; }

    internal long PayloadBytesReceived { get; set; }

    internal long PayloadBytesSent { get; set; }

    /// <summary>DATA and FIN sent again.</summary>
    internal long Retransmissions { get; set; }

    /// <summary>DATA and FIN that had come already.</summary>
    internal long Duplicates { get; set; }

    /// <summary>Packets dropped: no µTP, of no connection, or with numbers that cannot be meant for us.</summary>
    internal long Dropped { get; set; }

    /// <summary>Of the dropped, DATA that was too old.</summary>
    internal long Old { get; set; }

    internal long SynsReceived { get; set; }

    internal long Accepted { get; set; }

    internal long ResetsSent { get; set; }
}
