namespace Crust.Session.Circuits;

/// <summary>Bounds of circuits. The first two both ends and the gateway must agree on; the rest are ours.</summary>
internal static class CircuitLimits
{
    /// <summary>Bytes that each end may send before the first credit.</summary>
    internal const int InitialWindow = 64 << 10;

    /// <summary>Bytes that a control circuit carries each way, in all.</summary>
    internal const int ControlBytes = 64 << 10;

    /// <summary>Largest window of an end. Ours: 1 Gbit/s over 32 ms.</summary>
    internal const int MaxWindow = 4 << 20;

    /// <summary>Largest part of that which a gateway lets be under way to itself, and so may have to hold. Ours: a quarter; it drains at once mostly.</summary>
    internal const int MaxGatewayWindow = 1 << 20;

    /// <summary>Credit further than this ahead of what was sent is nonsense. Ours: four times the largest window, so that it may grow.</summary>
    internal const long MaxCredit = 4L * MaxWindow;

    /// <summary>What a circuit may write in one turn. Ours: a record of the middle size.</summary>
    internal const int Quantum = 16 << 10;

    /// <summary>Circuits of one hop. Ours: a peer with more peers than that over one gateway is rare; the gateway has bounds of its own.</summary>
    internal const int MaxPerHop = 1024;

    /// <summary>Refusals that wait to be written; whoever opens so much without reading breaks the protocol.</summary>
    internal const int MaxRefusals = 256;
}
