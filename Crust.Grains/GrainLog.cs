using Crust.Identity;
using Microsoft.Extensions.Logging;

namespace Crust.Grains;

/// <summary>What the grains log. Event ids are stable.</summary>
internal static partial class GrainLog
{
    [LoggerMessage(5001, LogLevel.Warning, "Storage did not confirm the record of {Key}: {Reason}")]
    internal static partial void WriteFailed(ILogger logger, string key, string reason);

    [LoggerMessage(5002, LogLevel.Warning, "Storage did not give the record of {Key}: {Reason}")]
    internal static partial void ReadFailed(ILogger logger, string key, string reason);

    [LoggerMessage(5003, LogLevel.Warning, "The gateway directory does not answer the mailbox of {Gateway}: {Reason}")]
    internal static partial void DirectoryAway(ILogger logger, PeerId gateway, string reason);

    [LoggerMessage(5004, LogLevel.Warning, "Zone {Zone} does not answer the gateway directory: {Reason}")]
    internal static partial void ZoneAway(ILogger logger, int zone, string reason);

    [LoggerMessage(5005, LogLevel.Information, "The gateway {Gateway} could not be told that {Peer} attached elsewhere: {Reason}")]
    internal static partial void NotTold(ILogger logger, PeerId gateway, PeerId peer, string reason);

    [LoggerMessage(5008, LogLevel.Debug, "The record of {Peer} could not be fetched for those who look it up: {Reason}")]
    internal static partial void NotFetched(ILogger logger, PeerId peer, string reason);

    [LoggerMessage(5006, LogLevel.Warning, "Storage did not confirm the bootstrap cache's shard {Key}, which is written again later: {Reason}")]
    internal static partial void ShardNotWritten(ILogger logger, string key, string reason);

    [LoggerMessage(5007, LogLevel.Warning, "The gateway directory does not answer the bootstrap cache's shard {Key}: {Reason}")]
    internal static partial void DirectoryAwayFromShard(ILogger logger, string key, string reason);

    [LoggerMessage(5021, LogLevel.Warning, "What operators ordered cannot be read: {Reason}")]
    internal static partial void PolicyAway(ILogger logger, string reason);

    [LoggerMessage(5022, LogLevel.Information, "The operator {Operator} ordered {Kind} of {Subject}: {Reason}")]
    internal static partial void OrderTaken(ILogger logger, PeerId @operator, OrderKind kind, PeerId subject, string reason);

    [LoggerMessage(5023, LogLevel.Warning, "An order was refused: {Result}")]
    internal static partial void OrderRefused(ILogger logger, Crust.Grains.Abstractions.OrderResult result);

    [LoggerMessage(5024, LogLevel.Warning, "Storage did not confirm an order: {Reason}")]
    internal static partial void OrderNotWritten(ILogger logger, string reason);
}
