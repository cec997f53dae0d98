using Crust.Primitives;

namespace Crust.Nat.Stun;

/// <summary>What a server sends.</summary>
/// <param name="Length">Bytes of it.</param>
/// <param name="Destination">To whom.</param>
/// <param name="Place">From where.</param>
internal readonly record struct StunAnswer(int Length, TransportAddress Destination, StunPlace Place);
