using Microsoft.Extensions.Logging;

namespace Crust.Gateway.Bootstrap;

/// <summary>What a gateway's part in the bootstrap cache logs. Event ids are stable.</summary>
internal static partial class BootstrapLog
{
    [LoggerMessage(4301, LogLevel.Error, "A loop of the bootstrap cache failed and starts again")]
    internal static partial void LoopFailed(ILogger logger, Exception exception);
}
