using Crust.Identity;

namespace Crust.Tests.Older.Contracts;

/// <summary>Where a peer is attached.</summary>
/// <param name="Peer">Who.</param>
/// <param name="Gateway">The gateway it attached to last, by its peer id.</param>
/// <param name="Epoch">Start of the peer's process, Unix milliseconds.</param>
/// <param name="RecordSequence">Sequence number of its newest record that the gateway knew.</param>
/// <param name="SignedAttachment">The peer's own statement, so that nobody must believe the cluster.</param>
[GenerateSerializer, Alias("crust.PeerPresence"), Immutable]
public sealed record PeerPresence(
    [property: Id(0)] PeerId Peer,
    [property: Id(1)] PeerId Gateway,
    [property: Id(2)] ulong Epoch,
    [property: Id(3)] ulong RecordSequence,
    [property: Id(4)] byte[] SignedAttachment);
