namespace Crust.Utp.Congestion;

/// <summary>What an acknowledgement says to the congestion controller.</summary>
/// <param name="Bytes">So much has come, headers included.</param>
/// <param name="Packets">The same, in packets.</param>
/// <param name="QueueingDelay">One-way delay beyond the smallest, microseconds.</param>
/// <param name="PacketLength">Length of a full packet.</param>
/// <param name="IsLimited">The window is what keeps the sender from sending more.</param>
/// <param name="LatestRtt">The last round trip, microseconds.</param>
/// <param name="Rtt">Smoothed round trip, microseconds.</param>
/// <param name="MinRtt">Smallest round trip, microseconds.</param>
/// <param name="Now">Microseconds.</param>
internal readonly record struct CongestionSample(int Bytes, int Packets, int QueueingDelay, int PacketLength, bool IsLimited, int LatestRtt, int Rtt, int MinRtt, long Now);
