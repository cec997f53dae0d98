namespace Crust.Tests.Simulation;

/// <summary>A promise did not hold in a simulated world.</summary>
public sealed class SimulationException(string message) : Exception(message);
