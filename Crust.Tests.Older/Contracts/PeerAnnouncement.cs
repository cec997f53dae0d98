namespace Crust.Tests.Older.Contracts;


/// <summary>One attached peer, as a gateway announces it.</summary>
/// <param name="SignedAttachment">The peer's own statement (<see cref="Identity.Attachment"/>), which names the peer, the gateway and the peer's epoch.</param>
/// <param name="RecordSequence">Sequence number of the peer's newest record that the gateway knows; 0 for none.</param>
[GenerateSerializer, Alias("crust.PeerAnnouncement"), Immutable]
public sealed record PeerAnnouncement([property: Id(0)] byte[] SignedAttachment, [property: Id(1)] ulong RecordSequence);
