using Microsoft.Extensions.Logging;

namespace Crust.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(600, LogLevel.Debug, "A punch with {Peer} ended: {Failure} ({Strategy}) after {Milliseconds} ms")]
    internal static partial void PunchEnded(ILogger logger, string peer, string failure, string strategy, double milliseconds);

    [LoggerMessage(601, LogLevel.Error, "Looking for a direct way to {Peer} failed")]
    internal static partial void PunchFaulted(ILogger logger, string peer, Exception exception);
}
