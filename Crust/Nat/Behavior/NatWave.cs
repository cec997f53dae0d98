namespace Crust.Nat.Behavior;

/// <summary>Probes that may be made now.</summary>
/// <param name="Probes">At least one.</param>
/// <param name="InOrder">Each after the one before has ended: the order of new mappings is what is looked at. Else all at once.</param>
internal sealed record NatWave(IReadOnlyList<NatProbe> Probes, bool InOrder = false);
