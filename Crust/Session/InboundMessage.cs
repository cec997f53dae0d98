namespace Crust.Session;

/// <summary>A message on its way in.</summary>
/// <param name="number">Its place in the remote's direction.</param>
/// <param name="protocolId">The id on the present link.</param>
/// <param name="protocol">The name that the id stood for.</param>
/// <param name="priority">0 (highest) to 3.</param>
/// <param name="payload">To be filled; null for a duplicate, whose bytes are skipped.</param>
/// <param name="length">Payload bytes in all.</param>
internal sealed class InboundMessage(ulong number, ulong protocolId, string protocol, byte priority, byte[]? payload, int length)
{
    internal ulong Number { get; } = number;

    internal ulong ProtocolId { get; } = protocolId;

    internal string Protocol { get; } = protocol;

    internal byte Priority { get; } = priority;

    internal byte[]? Payload { get; } = payload;

    internal int Length { get; } = length;

    /// <summary>Bytes that have arrived.</summary>
    internal int Filled { get; private set; }

    internal bool IsDuplicate => Payload is null;

    internal long Cost => WireLimits.Cost(Length);

    /// <summary>Adds a fragment; false when it does not continue this message exactly where it stands.</summary>
    internal bool TryAppend(in MessageFrame frame)
    {
        if (frame.Number != Number
            || frame.Protocol != ProtocolId
            || frame.Priority != Priority
            || frame.TotalLength != Length
            || frame.Offset != Filled
            || frame.Data.Length > Length - Filled)
            return false;
        if (Payload is not null)
            frame.Data.CopyTo(Payload.AsSpan(Filled));
        Filled += frame.Data.Length;
        return true;
    }
}
