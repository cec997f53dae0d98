using Crust.Nat.HolePunching;

namespace Crust.Tests.Simulation.Nat;

/// <summary>What became of a punch in the simulator.</summary>
/// <param name="IsDirect">Whether bytes went over the pair in both directions.</param>
/// <param name="Attempts">Attempts that it took.</param>
/// <param name="Time">From the first attempt's beginning until both ends had the pair, or had given up.</param>
/// <param name="Failure">The last failure.</param>
/// <param name="Sprayed">Datagrams of sprays, of both ends.</param>
internal sealed record PunchOutcome(bool IsDirect, int Attempts, TimeSpan Time, PunchFailure Failure, int Sprayed);
