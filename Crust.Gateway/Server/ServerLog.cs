using Crust.Nat.HolePunching;
using Microsoft.Extensions.Logging;

namespace Crust.Gateway.Server;

/// <summary>What a gateway's server logs. Event ids are stable.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(4201, LogLevel.Debug, "A peer tells of an attempt to open a direct path: {Report}")]
    internal static partial void AttemptReported(ILogger logger, AttemptReport report);

    [LoggerMessage(4202, LogLevel.Information, "Drained by operators: {IsDraining}; {Count} peers are attached")]
    internal static partial void DrainingChanged(ILogger logger, bool isDraining, int count);
}
