namespace Crust.Grains.Abstractions;

/// <summary>An operator's order that the cluster took.</summary>
/// <param name="Version">The policy's version since then: orders rise in the order in which they were taken.</param>
/// <param name="Accepted">When, Unix milliseconds by the cluster's clock.</param>
/// <param name="Signed">The order itself, signed by the operator: nobody must believe the cluster.</param>
[GenerateSerializer, Alias("crust.PolicyOrder"), Immutable]
public sealed record PolicyOrder([property: Id(0)] ulong Version, [property: Id(1)] ulong Accepted, [property: Id(2)] byte[] Signed);
