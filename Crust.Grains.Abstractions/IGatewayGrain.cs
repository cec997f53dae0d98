using Orleans.CodeGeneration;

namespace Crust.Grains.Abstractions;


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

    /// <summary><see cref="ExchangeAsync"/> of a gateway that proves that it is the one: nobody else gets its commands. Ends as well when the policy has another version.</summary>
    /// <param name="mailboxEpoch">As there.</param>
    /// <param name="ackedThrough">As there.</param>
    /// <param name="directoryVersion">As there.</param>
    /// <param name="policyVersion">The version of the policy that the caller heard of last; 0 for none.</param>
    /// <param name="heartbeat">As there.</param>
    /// <param name="proof">Of this life of the gateway.</param>
    [Alias("ExchangeProven")]
    Task<ExchangeReply> ExchangeProvenAsync(
        ulong mailboxEpoch, ulong ackedThrough, ulong directoryVersion, ulong policyVersion, GatewayHeartbeat heartbeat, GatewayProof proof);

    /// <summary>Puts a command into the mailbox.</summary>
    [Alias("Enqueue")]
    Task<EnqueueResult> EnqueueAsync(GatewayCommand command);
}
