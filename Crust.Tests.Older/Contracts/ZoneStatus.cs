namespace Crust.Tests.Older.Contracts;


/// <summary>A zone as its directory sees it.</summary>
/// <param name="Epoch">Drawn when the zone's activation began.</param>
/// <param name="AttachedPeers">Peers in its table.</param>
[GenerateSerializer, Alias("crust.ZoneStatus"), Immutable]
public readonly record struct ZoneStatus([property: Id(0)] ulong Epoch, [property: Id(1)] int AttachedPeers);
