namespace Crust.Tests.Older.Contracts;


/// <summary>A zone's answer to one announcement.</summary>
/// <param name="Result">What became of it.</param>
/// <param name="NewestEpoch">The newest epoch of that peer which the zone knows: with <see cref="AnnounceResult.Superseded"/> the winner's; 0 when the announcement was not read.</param>
[GenerateSerializer, Alias("crust.AnnounceOutcome"), Immutable]
public readonly record struct AnnounceOutcome([property: Id(0)] AnnounceResult Result, [property: Id(1)] ulong NewestEpoch);
