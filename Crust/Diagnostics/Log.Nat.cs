using Crust.Nat.Behavior;
using Microsoft.Extensions.Logging;

namespace Crust.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(620, LogLevel.Information, "What stands between this node and the internet: {Report}")]
    internal static partial void NatReport(ILogger logger, NatReport report);

    [LoggerMessage(621, LogLevel.Warning, "Finding out about NATs failed; it is tried again")]
    internal static partial void NatDiscoveryFailed(ILogger logger, Exception exception);
}
