using System.Net;

namespace Crust.Tests.NatLab;

/// <summary>What a provider gives a router.</summary>
/// <param name="Address">The address of its <c>wan</c>.</param>
/// <param name="HostAddress">An IPv4 address that is routed to it, for a host that needs no translation.</param>
/// <param name="HostAddress6">The same in IPv6; null where the provider has none.</param>
internal sealed record Subscription(IPAddress Address, IPAddress HostAddress, IPAddress? HostAddress6);
