using Crust.Identity;

namespace Crust.Gateway.Cluster;

/// <summary>A peer that is attached to this gateway.</summary>
/// <param name="Peer">Who.</param>
/// <param name="SignedAttachment">The peer's own statement (<see cref="Attachment"/>), as it came.</param>
/// <param name="RecordSequence">Sequence number of its newest record; 0 for none.</param>
/// <param name="Epoch">Start of the peer's process, Unix milliseconds.</param>
internal sealed record AttachedPeer(PeerId Peer, byte[] SignedAttachment, ulong RecordSequence, ulong Epoch);
