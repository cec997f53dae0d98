using Microsoft.Extensions.Logging;

namespace Crust.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(200, LogLevel.Information, "Peer {Peer} listens on {EndPoint}")]
    internal static partial void Listening(ILogger logger, string peer, string endPoint);

    [LoggerMessage(201, LogLevel.Debug, "Refused a link from {EndPoint}: too many handshakes")]
    internal static partial void HandshakeRefused(ILogger logger, string endPoint);

    [LoggerMessage(202, LogLevel.Debug, "A handshake with {EndPoint} failed")]
    internal static partial void HandshakeFailed(ILogger logger, string endPoint);

    [LoggerMessage(203, LogLevel.Error, "Accepting links failed; trying again")]
    internal static partial void AcceptFailed(ILogger logger, Exception exception);

    [LoggerMessage(204, LogLevel.Debug, "Dialling {Address} failed: {Reason}")]
    internal static partial void DialFailed(ILogger logger, string address, string reason);

    [LoggerMessage(205, LogLevel.Warning, "A subscriber to a node's event failed")]
    internal static partial void SubscriberFailed(ILogger logger, Exception exception);

    [LoggerMessage(207, LogLevel.Warning, "The routing table cannot be written to its file")]
    internal static partial void RoutingNotSaved(ILogger logger);

    [LoggerMessage(206, LogLevel.Warning, "Answering an introduction failed")]
    internal static partial void IntroductionFailed(ILogger logger, Exception exception);

    [LoggerMessage(208, LogLevel.Debug, "Which addresses this host has cannot be found out: {Reason}")]
    internal static partial void AddressesUnknown(ILogger logger, string reason);

    [LoggerMessage(209, LogLevel.Debug, "{Count} links with {Peer} closed: their address left this host")]
    internal static partial void LinksLeftBehind(ILogger logger, int count, string peer);
}
