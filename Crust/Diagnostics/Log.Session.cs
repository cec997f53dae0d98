using Microsoft.Extensions.Logging;

namespace Crust.Diagnostics;

/// <summary>Log messages, a file a room. Event ids are stable: sessions 100, nodes 200, gateways' clients 300. No keys, no payloads.</summary>
internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Warning, "A handler of protocol {Protocol} failed")]
    internal static partial void HandlerFailed(ILogger logger, string protocol, Exception exception);

    [LoggerMessage(101, LogLevel.Debug, "Session with {Peer} ended: {Reason}")]
    internal static partial void SessionEnded(ILogger logger, string peer, string reason);

    [LoggerMessage(104, LogLevel.Debug, "Session with {Peer} has no link; it waits for another")]
    internal static partial void SessionSuspended(ILogger logger, string peer);

    [LoggerMessage(105, LogLevel.Debug, "No new link for the session with {Peer} yet: {Reason}")]
    internal static partial void ResumeFailed(ILogger logger, string peer, string reason);

    [LoggerMessage(106, LogLevel.Warning, "{Count} messages of low priority to {Peer} waited too long and were dropped unsent")]
    internal static partial void MessagesDropped(ILogger logger, int count, string peer);

    [LoggerMessage(103, LogLevel.Warning, "{Count} handlers of a session that ended do not heed their cancellation; they are left alone")]
    internal static partial void HandlersLeft(ILogger logger, int count);

    [LoggerMessage(102, LogLevel.Error, "The driver of the session with {Peer} failed; the session ends")]
    internal static partial void SessionDriverFailed(ILogger logger, string peer, Exception exception);
}
