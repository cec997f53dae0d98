namespace Crust.Grains.Abstractions;

/// <summary>A zone's answer to a look-up.</summary>
/// <param name="Presence">Where the peer is attached; null when it is not.</param>
/// <param name="SignedRecord">The newest record of an attached peer, where the zone has it at hand; null when <see cref="IPeerGrain.GetRecordAsync"/> must be asked. Verify it: the cluster is not believed.</param>
[GenerateSerializer, Alias("crust.PeerFinding"), Immutable]
public readonly record struct PeerFinding([property: Id(0)] PeerPresence? Presence, [property: Id(1)] byte[]? SignedRecord);
