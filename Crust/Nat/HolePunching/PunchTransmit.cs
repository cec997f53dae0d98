using Crust.Nat.Stun;
using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>A datagram to send.</summary>
/// <param name="Socket">From which socket; 0 is the node's own.</param>
/// <param name="Remote">Where to.</param>
/// <param name="Length">Bytes of it.</param>
/// <param name="Hops">Routers it may pass (TTL); 0 for as many as usual.</param>
/// <param name="Transaction">The request's id, whose answer is awaited; null for an answer.</param>
internal readonly record struct PunchTransmit(int Socket, TransportAddress Remote, int Length, int Hops, StunTransactionId? Transaction);
