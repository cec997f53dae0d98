namespace Crust.Nat.PortMapping;

/// <summary>A port of this host that others should reach through the router.</summary>
/// <param name="Protocol">Its protocol.</param>
/// <param name="InternalPort">The port that is listened on, not 0. The router is asked for the same one outside, and may choose another.</param>
internal readonly record struct PortRequest(MappedProtocol Protocol, ushort InternalPort);
