using Crust.Identity;
using Orleans.CodeGeneration;

namespace Crust.Grains.Abstractions;

/// <summary>
/// The attached peers of one zone of the hash space, sorted. Soft state: gateways announce their peers, and announce them again when the
/// zone's epoch changes. Key: <see cref="GrainKeys.Zone"/>.
/// </summary>
[Alias("crust.IRoutingTableGrain"), Version(1)]
public interface IRoutingTableGrain : IGrainWithStringKey
{
    /// <summary>Most announcements or withdrawals in one call.</summary>
    const int MaxBatch = 500;

    /// <summary>Most peers that <see cref="FindClosestAsync"/> returns.</summary>
    const int MaxClosest = 64;

    /// <summary>Most peers in one look-up. Ours: an answer of 120 KiB with usual records, a quarter of a MiB with the longest.</summary>
    const int MaxLookUps = 256;

    /// <summary>Announces peers that are attached to a gateway; an empty batch is a sign of life. One result for each announcement, in order.</summary>
    [Alias("Announce")]
    Task<AnnounceReply> AnnounceAsync(PeerId gatewayId, ulong gatewayEpoch, PeerAnnouncement[] batch);

    /// <summary>Takes peers back that left the gateway. An entry of a newer peer epoch or of another gateway stays.</summary>
    [Alias("Withdraw")]
    Task WithdrawAsync(PeerId gatewayId, PeerWithdrawal[] batch);

    /// <summary><see cref="AnnounceAsync"/> of a gateway that proves that it is the one: what the others say is refused.</summary>
    [Alias("AnnounceProven")]
    Task<AnnounceReply> AnnounceProvenAsync(PeerId gatewayId, ulong gatewayEpoch, PeerAnnouncement[] batch, GatewayProof proof);

    /// <summary><see cref="WithdrawAsync"/> of a gateway that proves that it is the one. False: it did not, and nothing was taken back.</summary>
    [Alias("WithdrawProven")]
    Task<bool> WithdrawProvenAsync(PeerId gatewayId, PeerWithdrawal[] batch, GatewayProof proof);

    /// <summary>Where a peer is attached now; null when it is not.</summary>
    [Alias("Find")]
    Task<PeerPresence?> FindAsync(PeerId peer);

    /// <summary>Looks peers up, at most <see cref="MaxLookUps"/>. One answer for each, in order.</summary>
    [Alias("LookUp")]
    Task<PeerFinding[]> LookUpAsync(PeerId[] peers);

    /// <summary>The zone's attached peers nearest to a position (32 bytes) by XOR distance of their hashes, nearest first: exact within the zone.</summary>
    [Alias("FindClosest")]
    Task<PeerPresence[]> FindClosestAsync(byte[] target, int count);

    /// <summary>The epoch drawn when this activation began: another one means that every entry was lost.</summary>
    [Alias("GetEpoch")]
    Task<ulong> GetEpochAsync();

    /// <summary>The directory's regular call: tells which gateways live, and learns the zone's epoch and size.</summary>
    /// <param name="liveGateways">Those that the directory heard of in the last 10 seconds.</param>
    /// <param name="isComplete">True when the directory has listened long enough that a gateway not listed is gone, and loses its entries.</param>
    [Alias("Refresh")]
    Task<ZoneStatus> RefreshAsync(GatewayLife[] liveGateways, bool isComplete);
}
