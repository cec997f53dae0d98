namespace Crust.Tests.Simulation;

/// <summary>A promise did not hold in a simulated world.</summary>
<<<<<<<< HEAD:Crust.Tests/Simulation/SimulationException.cs
public sealed class SimulationException(string message) : Exception(message);
========
public sealed class SimulationException(string message) : Exception(message);
>>>>>>>> refs/heads/sim:Crust.Tests/Simulation/SimulationException.cs
