using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Crust.Client;

/// <summary>What the client logs. Event ids are stable.</summary>
internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Warning, "The cluster end point {EndPoint} does not resolve: {Error}")]
    internal static partial void NameNotResolved(ILogger logger, string endPoint, SocketError error);

    [LoggerMessage(3002, LogLevel.Information, "Connected to the cluster")]
    internal static partial void Connected(ILogger logger);

    [LoggerMessage(3003, LogLevel.Debug, "The cluster did not answer: {Reason}")]
    internal static partial void NoAnswer(ILogger logger, string reason);

    [LoggerMessage(3004, LogLevel.Error, "The cluster client cannot start: {Reason}")]
    internal static partial void CannotStart(ILogger logger, string reason);

    [LoggerMessage(3005, LogLevel.Information, "Certificates read: {Subject}, valid until {Until}")]
    internal static partial void CertificatesRead(ILogger logger, string subject, DateTime until);

    [LoggerMessage(3006, LogLevel.Warning, "The certificate files changed and cannot be used; the ones before stay: {Reason}")]
    internal static partial void CertificatesKept(ILogger logger, string reason);

    [LoggerMessage(3007, LogLevel.Warning, "The certificate of the other end, {Subject}, is refused: {Reason}")]
    internal static partial void CertificateRefused(ILogger logger, string subject, string reason);
}
