namespace Crust.Session;

/// <summary>Counters of one session since its beginning, over all its links. Bytes are payload bytes.</summary>
/// <param name="MessagesSent">Messages numbered, that is first written to a record.</param>
/// <param name="BytesSent">Their payload bytes.</param>
/// <param name="MessagesReceived">Messages delivered.</param>
/// <param name="BytesReceived">Their payload bytes.</param>
/// <param name="MessagesDropped">Messages of low priority that waited too long and were never written.</param>
/// <param name="BatchesSigned">Signatures made.</param>
/// <param name="BatchesVerified">Signatures checked and found good.</param>
/// <param name="MessagesRetransmitted">Messages written anew because the link changed.</param>
/// <param name="BytesRetransmitted">Their payload bytes.</param>
/// <param name="QueuedMessages">Messages that wait to be written for the first time.</param>
/// <param name="UnacknowledgedMessages">Messages written and retained.</param>
/// <param name="SmoothedRtt">RFC 6298 smoothed round trip on this link; null before the first pong.</param>
/// <param name="LatestRtt">The newest sample of it.</param>
/// <param name="Links">Links that stand, the active one included.</param>
/// <param name="Streams">Streams that are not over.</param>
/// <param name="ReceiveWindow">Cost that the remote may have under way, of messages and streams together.</param>
/// <param name="SendBudget">Cost that may be queued and wait for acknowledgement here, of messages and streams together.</param>
/// <param name="DatagramsSent">Datagrams written.</param>
/// <param name="DatagramsDropped">Datagrams that were queued and not written: newer ones took their place, or the link was lost.</param>
internal readonly record struct SessionStatistics(
    long MessagesSent,
    long BytesSent,
    long MessagesReceived,
    long BytesReceived,
    long MessagesDropped,
    long BatchesSigned,
    long BatchesVerified,
    long MessagesRetransmitted,
    long BytesRetransmitted,
    int QueuedMessages,
    int UnacknowledgedMessages,
    TimeSpan? SmoothedRtt,
    TimeSpan? LatestRtt,
    int Links,
    int Streams,
    long ReceiveWindow,
    long SendBudget,
    long DatagramsSent,
    long DatagramsDropped);
