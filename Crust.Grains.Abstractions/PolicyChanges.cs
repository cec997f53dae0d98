namespace Crust.Grains.Abstractions;

/// <summary>What operators ordered since a version.</summary>
/// <param name="Version">The policy's version now; 0 before the first order.</param>
/// <param name="IsWhole">True when the orders are all that are in force, in place of everything that was known; false when they follow what was known.</param>
/// <param name="Orders">By rising version.</param>
[GenerateSerializer, Alias("crust.PolicyChanges"), Immutable]
public sealed record PolicyChanges([property: Id(0)] ulong Version, [property: Id(1)] bool IsWhole, [property: Id(2)] PolicyOrder[] Orders);
