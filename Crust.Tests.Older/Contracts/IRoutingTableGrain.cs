using Crust.Identity;
using Orleans.CodeGeneration;

namespace Crust.Tests.Older.Contracts;

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

    /// <summary>Announces peers that are attached to a gateway; an empty batch is a sign of life. One result for each announcement, in order.</summary>
    [Alias("Announce")]
    Task<AnnounceReply> AnnounceAsync(PeerId gatewayId, ulong gatewayEpoch, PeerAnnouncement[] batch);

    /// <summary>Takes peers back that left the gateway. An entry of a newer peer epoch or of another gateway stays.</summary>
    [Alias("Withdraw")]
    Task WithdrawAsync(PeerId gatewayId, PeerWithdrawal[] batch);

    /// <summary>Where a peer is attached now; null when it is not.</summary>
    [Alias("Find")]
    Task<PeerPresence?> FindAsync(PeerId peer);

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
