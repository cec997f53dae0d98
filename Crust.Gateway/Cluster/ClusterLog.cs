using Crust.Identity;
using Microsoft.Extensions.Logging;

namespace Crust.Gateway.Cluster;

/// <summary>What the link to the cluster logs. Event ids are stable.</summary>
internal static partial class ClusterLog
{
    [LoggerMessage(4101, LogLevel.Warning, "The cluster does not answer; peers attached here are still served")]
    internal static partial void Lost(ILogger logger);

    [LoggerMessage(4102, LogLevel.Information, "The cluster answers")]
    internal static partial void Reached(ILogger logger);

    [LoggerMessage(4103, LogLevel.Error, "Another, newer process runs with this gateway's identity: this one gets no commands")]
    internal static partial void GatewaySuperseded(ILogger logger);

    [LoggerMessage(4104, LogLevel.Information, "Announced {Count} peers again in zone {Zone}")]
    internal static partial void Announced(ILogger logger, int count, int zone);

    [LoggerMessage(4105, LogLevel.Warning, "The cluster refused this gateway's announcement of {Peer}: {Result}")]
    internal static partial void AnnouncementRefused(ILogger logger, PeerId peer, Crust.Grains.Abstractions.AnnounceResult result);

    [LoggerMessage(4106, LogLevel.Error, "A loop of the link to the cluster failed and starts again")]
    internal static partial void LoopFailed(ILogger logger, Exception exception);
}
