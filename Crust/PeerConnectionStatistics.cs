using Crust.Session;

namespace Crust;

/// <summary>Counts of one connection since it began.</summary>
/// <param name="MessagesSent">Messages written.</param>
/// <param name="BytesSent">Their payload bytes.</param>
/// <param name="MessagesReceived">Messages delivered.</param>
/// <param name="BytesReceived">Their payload bytes.</param>
/// <param name="BatchesSigned">Signatures made; one covers all messages that were sent together.</param>
/// <param name="BatchesVerified">Signatures of the peer that were checked and found good.</param>
/// <param name="RoundTripTime">Smoothed round trip of heartbeats; null before the first.</param>
public sealed record PeerConnectionStatistics(
    long MessagesSent, long BytesSent, long MessagesReceived, long BytesReceived, long BatchesSigned, long BatchesVerified, TimeSpan? RoundTripTime)
{
    /// <summary>Messages of low priority that waited for a minute and were never begun.</summary>
    public long MessagesDropped { get; init; }

    /// <summary>Datagrams written.</summary>
    public long DatagramsSent { get; init; }

    /// <summary>Datagrams that were queued and never written: newer ones took their place, or the link was lost.</summary>
    public long DatagramsDropped { get; init; }

    internal static PeerConnectionStatistics From(SessionStatistics s) =>
        new(s.MessagesSent, s.BytesSent, s.MessagesReceived, s.BytesReceived, s.BatchesSigned, s.BatchesVerified, s.SmoothedRtt)
        {
            MessagesDropped = s.MessagesDropped, DatagramsSent = s.DatagramsSent, DatagramsDropped = s.DatagramsDropped,
        };
}
