using System.Net;

namespace Crust.Client.Membership;

/// <summary>A silo's gateway as Orleans spells it: <c>gwy.tcp://IP:PORT/GENERATION</c>.</summary>
internal static class GatewayAddress
{
    internal static Uri Of(IPEndPoint endPoint, int generation) => new($"gwy.tcp://{endPoint}/{generation}");
}
