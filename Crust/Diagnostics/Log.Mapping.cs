using Microsoft.Extensions.Logging;

namespace Crust.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(640, LogLevel.Information, "Port mapping at router {Router}: {What}")]
    internal static partial void MappingChanged(ILogger logger, string router, string what);

    [LoggerMessage(641, LogLevel.Debug, "Asking {Router} for port mappings failed: {Reason}")]
    internal static partial void MappingSendFailed(ILogger logger, string router, string reason);

    [LoggerMessage(642, LogLevel.Error, "Keeping port mappings failed; trying again")]
    internal static partial void MappingFailed(ILogger logger, Exception exception);

    [LoggerMessage(643, LogLevel.Debug, "Dial-back to {Address}: {Result}")]
    internal static partial void DialedBack(ILogger logger, string address, string result);
}
