namespace Crust.Tests.Older.Contracts;


/// <summary>A zone's answer to a batch of announcements.</summary>
/// <param name="ZoneEpoch">The zone's epoch; another one than before means that everything must be announced again.</param>
/// <param name="Outcomes">One for each announcement, in order.</param>
[GenerateSerializer, Alias("crust.AnnounceReply"), Immutable]
public sealed record AnnounceReply([property: Id(0)] ulong ZoneEpoch, [property: Id(1)] AnnounceOutcome[] Outcomes);
