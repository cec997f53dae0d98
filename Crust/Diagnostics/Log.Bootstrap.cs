using Microsoft.Extensions.Logging;

namespace Crust.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(720, LogLevel.Warning, "The bootstrap cache '{Path}' is damaged or of another network; it was set aside as '{Aside}' and a new one begins")]
    internal static partial void CacheSetAside(ILogger logger, string path, string aside);

    [LoggerMessage(721, LogLevel.Warning, "The bootstrap cache '{Path}' cannot be read: {Reason}")]
    internal static partial void CacheNotRead(ILogger logger, string path, string reason);

    [LoggerMessage(722, LogLevel.Warning, "The bootstrap cache '{Path}' cannot be written: {Reason}")]
    internal static partial void CacheNotWritten(ILogger logger, string path, string reason);

    [LoggerMessage(723, LogLevel.Debug, "A sample of the cluster's bootstrap cache: {Peers} peers, {Gateways} addresses of gateways")]
    internal static partial void BootstrapSampled(ILogger logger, int peers, int gateways);

    [LoggerMessage(724, LogLevel.Warning, "The node starts without a gateway and has the peers that it remembers or finds on the LAN: {Reason}")]
    internal static partial void StartsWithoutGateway(ILogger logger, string reason);
}
