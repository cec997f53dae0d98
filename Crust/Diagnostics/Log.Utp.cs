using Microsoft.Extensions.Logging;

namespace Crust.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(500, LogLevel.Error, "The UDP socket at {Local} failed; its µTP links end")]
    internal static partial void UdpSocketFailed(ILogger logger, string local, Exception exception);
}
