using Microsoft.Extensions.Logging;

namespace Crust.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(400, LogLevel.Information, "Access file {Path} is in force: {Allowed} peers allowed (0: no allow list), {Denied} peers and {Networks} networks denied")]
    internal static partial void AccessFileTaken(ILogger logger, string path, int allowed, int denied, int networks);

    [LoggerMessage(401, LogLevel.Error, "Access file {Path} cannot be used, the last good rules stay in force: {Reason}")]
    internal static partial void AccessFileKept(ILogger logger, string path, string reason);

    [LoggerMessage(402, LogLevel.Warning, "Access file {Path} gives no notifications ({Reason}); it is looked at each second")]
    internal static partial void AccessFileUnwatched(ILogger logger, string path, string reason);

    [LoggerMessage(403, LogLevel.Information, "Ended the session with {Peer}: the access list no longer allows it")]
    internal static partial void SessionNotAllowed(ILogger logger, string peer);

    [LoggerMessage(404, LogLevel.Debug, "Refused peer {Peer} from {EndPoint}: {Reason}")]
    internal static partial void PeerRefused(ILogger logger, string peer, string endPoint, string reason);

    [LoggerMessage(405, LogLevel.Error, "A newer process runs under this node's identity, says {Teller}: stop one of the two, or give it an identity of its own")]
    internal static partial void IdentityElsewhere(ILogger logger, string teller);
}
