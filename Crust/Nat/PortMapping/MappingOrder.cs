namespace Crust.Nat.PortMapping;

/// <summary>One thing for a <see cref="MappingClient"/> to do.</summary>
/// <param name="Kind">What.</param>
/// <param name="Port">The port; default for a probe.</param>
/// <param name="ExternalPort">The port outside: the one to ask for, or the one that is mapped. 0: none in particular.</param>
/// <param name="LifetimeSeconds">How long the router should keep the mapping.</param>
internal sealed record MappingOrder(MappingOrderKind Kind, PortRequest Port = default, ushort ExternalPort = 0, uint LifetimeSeconds = 0);
