namespace Crust.Gateway.Relay;

/// <summary>What a gateway lets circuits have. Nothing is cut off for having lasted long or moved much.</summary>
internal sealed record RelayLimits
{
    internal static RelayLimits Default { get; } = new();

    /// <summary>Circuits at a time. Default 20,000.</summary>
    public int MaxCircuits { get; init; } = 20_000;

    /// <summary>Circuits of one peer, called or calling. Default 256.</summary>
    public int MaxCircuitsPerPeer { get; init; } = 256;

    /// <summary>The part of all circuits that callers of one address prefix may have, above 0 to 1. Default 0.25, as of sessions.</summary>
    public double PrefixShare { get; init; } = 0.25;

    /// <summary>Circuits that one peer may open in a second, on average. Default 10.</summary>
    public double OpensPerSecond { get; init; } = 10;

    /// <summary>Circuits that one peer may open at once. Default 50.</summary>
    public double OpenBurst { get; init; } = 50;

    /// <summary>Bytes in a second that all circuits together may move, both ways. Default 0: without a bound.</summary>
    public long BytesPerSecond { get; init; }

    /// <summary>Bytes in a second that one peer may send over circuits. Default 0: without a bound.</summary>
    public long PeerBytesPerSecond { get; init; }

    /// <summary>Bytes that circuits may have under way. Each takes 128 KiB, and more while it can use it. Default a quarter of the memory that the process may use.</summary>
    public long MemoryBytes { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;
}
