using System.Net;

namespace Crust.Nat.PortMapping;

/// <summary>A mapping that a router says it keeps for this host. Whether anybody comes through is for a dial-back to tell.</summary>
/// <param name="Port">What is mapped.</param>
/// <param name="External">Where the router says that it can be reached; perhaps an address that means nothing outside: <see cref="Scope"/>.</param>
/// <param name="Method">How the router was asked.</param>
/// <param name="Lifetime">How long the router keeps it unless asked again; null: for ever, until it is deleted.</param>
internal sealed record MappedPort(PortRequest Port, IPEndPoint External, MappingMethod Method, TimeSpan? Lifetime)
{
    /// <summary>What kind of address the router has outside. Anything but public means that another NAT follows, or that the router is wrong.</summary>
    internal AddressScope Scope => AddressScopes.Of(External.Address);
}
