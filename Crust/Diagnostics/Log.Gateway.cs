using Microsoft.Extensions.Logging;

namespace Crust.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(300, LogLevel.Information, "Attached to gateway {Gateway}")]
    internal static partial void Attached(ILogger logger, string gateway);

    [LoggerMessage(301, LogLevel.Warning, "Lost gateway {Gateway}; looking for another")]
    internal static partial void AttachmentLost(ILogger logger, string gateway);

    [LoggerMessage(302, LogLevel.Debug, "Gateway {Gateway} refused the attachment: {Status}")]
    internal static partial void AttachmentRefused(ILogger logger, string gateway, string status);

    [LoggerMessage(303, LogLevel.Debug, "No gateway could be reached; next try in {Delay}")]
    internal static partial void NoGateway(ILogger logger, TimeSpan delay);

    [LoggerMessage(305, LogLevel.Information, "Gateway {Gateway} is drained; attached to {Next}")]
    internal static partial void AttachmentMoved(ILogger logger, string gateway, string next);

    [LoggerMessage(304, LogLevel.Error, "Keeping the attachment failed; trying again")]
    internal static partial void AttachmentFailed(ILogger logger, Exception exception);
}
