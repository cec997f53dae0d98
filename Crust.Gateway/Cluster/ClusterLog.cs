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

    [LoggerMessage(4107, LogLevel.Error, "The cluster does not believe that this is the gateway it says: are its clock and network's name right, and is no other process using its identity?")]
    internal static partial void NotBelieved(ILogger logger);

    [LoggerMessage(4108, LogLevel.Information, "Operators' orders count here as of version {Version}: {Orders} in force")]
    internal static partial void PolicyTaken(ILogger logger, ulong version, int orders);

    [LoggerMessage(4109, LogLevel.Warning, "The cluster sent an order that no operator of this gateway signed, or that is not new; it is left out")]
    internal static partial void OrderLeftOut(ILogger logger);

    [LoggerMessage(4106, LogLevel.Error, "A loop of the link to the cluster failed and starts again")]
    internal static partial void LoopFailed(ILogger logger, Exception exception);
}
