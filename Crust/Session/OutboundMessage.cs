using Crust.Primitives;

namespace Crust.Session;

/// <summary>A message on its way out, from the call that queued it to the acknowledgement.</summary>
/// <param name="protocol">Where it goes.</param>
/// <param name="priority">0 (highest) to 3.</param>
/// <param name="payload">Ours until acknowledged.</param>
/// <param name="token">The caller's.</param>
/// <param name="queuedAt">When it was queued.</param>
internal sealed class OutboundMessage(OutboundProtocol protocol, byte priority, ReadOnlyMemory<byte> payload, long token, Instant queuedAt)
{
    internal OutboundProtocol Protocol { get; } = protocol;

    internal byte Priority { get; } = priority;

    internal ReadOnlyMemory<byte> Payload { get; } = payload;

    /// <summary>0 when nobody waits for the outcome, or it was told already.</summary>
    internal long Token { get; set; } = token;

    internal Instant QueuedAt { get; } = queuedAt;

    /// <summary>Given when it is first written; 0 before.</summary>
    internal ulong Number { get; set; }

    internal long Cost => WireLimits.Cost(Payload.Length);
}
