namespace Crust.Tests.Interop.Utp;

/// <summary>What a proxy does to the datagrams that it passes. Probabilities are of each datagram, both ways.</summary>
internal sealed record ProxyOptions
{
    internal ulong Seed { get; init; } = 1;

    internal double Loss { get; init; }

    internal double Duplication { get; init; }

    /// <summary>How many are held back for some milliseconds, so that later ones overtake them.</summary>
    internal double Reordering { get; init; }

    /// <summary>Each way, for every datagram.</summary>
    internal TimeSpan Delay { get; init; }

    /// <summary>Changes a datagram before it is passed on (and after it was recorded); the flag: it comes from the dialler.</summary>
    internal Action<byte[], bool>? Rewrite { get; init; }
}
