using Crust.Nat.HolePunching;
using Microsoft.Extensions.Logging;

namespace Crust.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(600, LogLevel.Debug, "A punch with {Peer} ended: {Report}")]
    internal static partial void PunchEnded(ILogger logger, string peer, AttemptReport report);

    [LoggerMessage(601, LogLevel.Error, "Looking for a direct way to {Peer} failed")]
    internal static partial void PunchFaulted(ILogger logger, string peer, Exception exception);
}
