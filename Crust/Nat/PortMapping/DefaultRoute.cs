using System.Net;

namespace Crust.Nat.PortMapping;

/// <summary>A way out of this host's network.</summary>
/// <param name="Router">The next hop; link-local ones of IPv6 carry their interface.</param>
/// <param name="Interface">The interface's name.</param>
/// <param name="Metric">The lower one is used.</param>
internal readonly record struct DefaultRoute(IPAddress Router, string Interface, uint Metric);
