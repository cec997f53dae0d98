namespace Crust.Nat.Behavior;

/// <summary>A new mapping.</summary>
/// <param name="Local">The port of the socket.</param>
/// <param name="Mapped">The port outside.</param>
internal readonly record struct PortObservation(ushort Local, ushort Mapped);
