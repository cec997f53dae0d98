namespace Crust.Tests.Older.Contracts;

/// <summary>What came of a gateway's dial.</summary>
/// <param name="SignedProof">The gateway's own word, which names it, the peer, the record and the addresses.</param>
/// <param name="SignedRecord">The peer's record with those addresses; empty when the shard has this very one, or the dial failed.</param>
/// <param name="SignedAttachment">The peer's word that it is attached to that gateway (<see cref="Identity.Attachment"/>); empty when the gateway vouches for the peer already, or nobody lives who does.</param>
[GenerateSerializer, Alias("crust.BootstrapReport"), Immutable]
public sealed record BootstrapReport([property: Id(0)] byte[] SignedProof, [property: Id(1)] byte[] SignedRecord, [property: Id(2)] byte[] SignedAttachment);
