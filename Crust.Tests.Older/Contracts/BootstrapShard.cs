namespace Crust.Tests.Older.Contracts;

/// <summary>A shard of the bootstrap cache at one time.</summary>
/// <param name="Version">Changes with every change. Never 0.</param>
/// <param name="Time">The shard's clock, by which the entries' times are to be judged, Unix milliseconds.</param>
/// <param name="Entries">All of them, also those that are told to nobody at the moment.</param>
[GenerateSerializer, Alias("crust.BootstrapShard"), Immutable]
public sealed record BootstrapShard([property: Id(0)] ulong Version, [property: Id(1)] ulong Time, [property: Id(2)] BootstrapEntry[] Entries);
