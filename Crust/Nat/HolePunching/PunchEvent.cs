using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>What a <see cref="PunchMachine"/> asks for, or tells.</summary>
/// <param name="Kind">What.</param>
/// <param name="Socket">The socket of the nominated pair.</param>
/// <param name="Remote">Its other end.</param>
/// <param name="Count">Sockets to open.</param>
/// <param name="Failure">Why it failed.</param>
internal readonly record struct PunchEvent(PunchEventKind Kind, int Socket = 0, TransportAddress Remote = default, int Count = 0, PunchFailure Failure = default);
