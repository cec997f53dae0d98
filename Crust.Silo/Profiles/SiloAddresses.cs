using System.Net;

namespace Crust.Silo.Profiles;

/// <summary>Where a silo listens and what it tells others.</summary>
/// <param name="Advertised">The address that silos and clients are told.</param>
/// <param name="SiloPort">The silos' port.</param>
/// <param name="GatewayPort">The clients' port.</param>
internal sealed record SiloAddresses(IPAddress Advertised, int SiloPort, int GatewayPort);
