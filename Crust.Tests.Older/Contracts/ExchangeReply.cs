namespace Crust.Tests.Older.Contracts;


/// <summary>A mailbox's answer to its gateway.</summary>
/// <param name="Status">Whether this process of the gateway is the newest.</param>
/// <param name="MailboxEpoch">Drawn when the mailbox's activation began.</param>
/// <param name="Commands">The commands after the acknowledged ones, in order of their numbers.</param>
/// <param name="Directory">The directory, when it is another than the caller has; else null.</param>
[GenerateSerializer, Alias("crust.ExchangeReply"), Immutable]
public sealed record ExchangeReply(
    [property: Id(0)] ExchangeStatus Status,
    [property: Id(1)] ulong MailboxEpoch,
    [property: Id(2)] NumberedCommand[] Commands,
    [property: Id(3)] GatewayDirectorySnapshot? Directory);
