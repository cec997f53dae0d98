using System.Net;
using Microsoft.Extensions.Logging;

namespace Crust.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(700, LogLevel.Information, "LAN discovery is off for {Family}: {Reason}")]
    internal static partial void LanFamilyOff(ILogger logger, string family, string reason);

    [LoggerMessage(701, LogLevel.Debug, "Peer {Peer} is on the LAN, at {Address}")]
    internal static partial void LanPeerSeen(ILogger logger, string peer, IPAddress address);
}
