namespace Crust.Tests.Simulation;

/// <summary>A promise did not hold in a simulated world.</summary>
public sealed class SimulationFailedException(string message) : Exception(message);
