namespace Crust.Tests.Simulation.Datagrams;

/// <summary>How one way between hosts carries datagrams. By default at once, all of them, unchanged.</summary>
internal sealed record DatagramProfile
{
    /// <summary>Headers of IPv4 (20 bytes) and UDP (8): what a datagram takes on the link besides its bytes.</summary>
    internal const int Headers = 28;

    /// <summary>Time under way, without that in the queue and on the wire.</summary>
    internal TimeSpan Delay { get; init; }

    /// <summary>Added to the delay at random; datagrams stay in order.</summary>
    internal TimeSpan Jitter { get; init; }

    /// <summary>Rate of the link in bits a second, headers counted; infinite by default.</summary>
    internal double BitsPerSecond { get; init; } = double.PositiveInfinity;

    /// <summary>Bytes that wait for the link at most, headers counted; one that comes when there is no room is dropped (drop-tail).</summary>
    internal long QueueBytes { get; init; } = long.MaxValue;

    /// <summary>The same, in datagrams.</summary>
    internal int QueuePackets { get; init; } = int.MaxValue;

    /// <summary>Which ones are lost after the queue, as on a radio link.</summary>
    internal LossModel Loss { get; init; }

    /// <summary>Probability that one is held back for up to <see cref="ReorderDelay"/>, while those behind it pass.</summary>
    internal double Reordered { get; init; }

    internal TimeSpan ReorderDelay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Probability that one arrives twice, the copy up to <see cref="ReorderDelay"/> later.</summary>
    internal double Duplicated { get; init; }

    /// <summary>Probability that bits are flipped. UDP's checksum is computed, and finds nearly all of it.</summary>
    internal double Corrupted { get; init; }

    /// <summary>Longest datagram that passes, headers not counted; longer ones vanish in silence.</summary>
    internal int MaxLength { get; init; } = int.MaxValue;

    /// <summary>Arrivals are gathered into batches, as network cards do: on multiples of this time.</summary>
    internal TimeSpan Coalescing { get; init; }

    /// <summary>A way of a rate and a delay with room for as much in the queue as is under way in <paramref name="queue"/> at that rate.</summary>
    internal static DatagramProfile Link(double bitsPerSecond, TimeSpan delay, TimeSpan queue) => new()
    {
        BitsPerSecond = bitsPerSecond,
        Delay = delay,
        QueueBytes = (long)(bitsPerSecond / 8 * queue.TotalSeconds),
    };
}
