namespace Crust.Tests.Simulation.Datagrams;

/// <summary>What became of the datagrams of a way.</summary>
internal sealed class DatagramWayStatistics
{
    internal long Sent { get; set; }

    internal long Delivered { get; set; }

    /// <summary>Lost on the link.</summary>
    internal long Lost { get; set; }

    /// <summary>Dropped because the queue was full.</summary>
    internal long Overflowed { get; set; }

    /// <summary>Too long for the way, sent while it was cut, or taken by somebody on it.</summary>
    internal long Swallowed { get; set; }

    internal long Duplicated { get; set; }

    internal long Reordered { get; set; }

    /// <summary>Corrupted, and found out by the checksum.</summary>
    internal long Corrupted { get; set; }

    /// <summary>Corrupted so that the checksum is as before.</summary>
    internal long Unnoticed { get; set; }

    /// <summary>Bytes on the link, headers counted.</summary>
    internal long WireBytes { get; set; }

    public override string ToString() =>
        $"{Sent} sent, {Delivered} delivered, {Lost} lost, {Overflowed} overflowed, {Swallowed} swallowed, {Duplicated} twice, {Reordered} reordered, {Corrupted} corrupted, {Unnoticed} unnoticed";
}
