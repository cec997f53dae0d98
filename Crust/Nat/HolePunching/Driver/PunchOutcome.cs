using Crust.Primitives;
using Crust.Utp.Driver;

namespace Crust.Nat.HolePunching.Driver;

/// <summary>What became of an attempt's checks.</summary>
/// <param name="Failure">None when a pair was nominated.</param>
/// <param name="Pump">The nominated pair's socket.</param>
/// <param name="Remote">Its other end.</param>
internal readonly record struct PunchOutcome(PunchFailure Failure, UtpPump? Pump = null, TransportAddress Remote = default);
