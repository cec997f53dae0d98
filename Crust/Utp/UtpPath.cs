namespace Crust.Utp;

/// <summary>What a connection knows of its path.</summary>
/// <param name="Rtt">Smoothed round trip; zero before any sample.</param>
/// <param name="QueueingDelay">Delay that queues add towards the other side, filtered.</param>
/// <param name="WindowBytes">The congestion window.</param>
/// <param name="BytesInFlight">Bytes under way.</param>
/// <param name="DatagramLength">The longest datagram known to pass.</param>
internal readonly record struct UtpPath(TimeSpan Rtt, TimeSpan QueueingDelay, int WindowBytes, int BytesInFlight, int DatagramLength);
