using System.Net;

namespace Crust.Nat.PortMapping.Driver;

/// <summary>A router and where we stand towards it.</summary>
/// <param name="Router">Its address on our link.</param>
/// <param name="Local">Our address that packets to the internet leave from.</param>
internal sealed record RouterPlace(IPAddress Router, IPAddress Local);
