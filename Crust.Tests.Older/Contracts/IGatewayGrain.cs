using Orleans.CodeGeneration;

namespace Crust.Tests.Older.Contracts;


/// <summary>
/// A gateway's mailbox: it holds numbered commands until the gateway, which calls in, has acknowledged them. At least once; the gateway drops
/// duplicates by number. Key: <see cref="GrainKeys.Gateway"/>.
/// </summary>
[Alias("crust.IGatewayGrain"), Version(1)]
public interface IGatewayGrain : IGrainWithStringKey
{
    /// <summary>Most commands that wait. Ours: about 5 MiB of introductions, several seconds of the busiest gateway.</summary>
    const int MaxCommands = 4096;

    /// <summary>Most commands in one reply. Ours: half a MiB of introductions.</summary>
    const int MaxReply = 512;

    /// <summary>
    /// Tells how the gateway is, acknowledges commands and fetches the next. Held for at most 2 seconds when there is nothing to tell.
    /// </summary>
    /// <param name="mailboxEpoch">The mailbox epoch of the last reply; 0 at first. A reply with another one means: the mailbox was lost, announce everything again.</param>
    /// <param name="ackedThrough">All commands up to this number arrived.</param>
    /// <param name="directoryVersion">The version of the directory the caller has; 0 for none.</param>
    /// <param name="heartbeat">How the gateway is.</param>
    [Alias("Exchange")]
    Task<ExchangeReply> ExchangeAsync(ulong mailboxEpoch, ulong ackedThrough, ulong directoryVersion, GatewayHeartbeat heartbeat);

    /// <summary>Puts a command into the mailbox.</summary>
    [Alias("Enqueue")]
    Task<EnqueueResult> EnqueueAsync(GatewayCommand command);
}
