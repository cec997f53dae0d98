using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Gateway.Cluster;

/// <summary>
/// The gateway's side of a <see cref="ClusterLink"/>. Called from the link's own loops, one call at a time for <see cref="Deliver"/>; must return soon and
/// must not throw.
/// </summary>
internal interface IAttachedPeers
{
    /// <summary>Everyone attached now; taken when the cluster lost its table.</summary>
    IReadOnlyCollection<AttachedPeer> Snapshot();

    /// <summary>The epoch of a peer that is attached now; null when it is not.</summary>
    ulong? EpochOf(PeerId peer);

    /// <summary>Carries a command out. Each arrives at least once and, within one life of the mailbox, exactly once, in order.</summary>
    void Deliver(GatewayCommand command);

    /// <summary>The peer attached elsewhere with a newer epoch: an attachment with an epoch below <paramref name="byEpoch"/> ends here. May repeat.</summary>
    void Superseded(PeerId peer, ulong byEpoch);
}
