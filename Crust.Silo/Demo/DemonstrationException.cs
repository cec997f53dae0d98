namespace Crust.Silo.Demo;

/// <summary>A step of the demonstration did not hold.</summary>
internal sealed class DemonstrationException(string message) : Exception(message);
