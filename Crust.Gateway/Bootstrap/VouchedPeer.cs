using System.Net;
using Crust.Identity;
using Crust.Primitives;

namespace Crust.Gateway.Bootstrap;

/// <summary>What a <see cref="VouchTable"/> knows of a peer.</summary>
internal sealed class VouchedPeer(PeerId peer)
{
    internal PeerId Peer => peer;

    internal PeerRecord Record { get; set; } = null!;

    internal byte[] SignedRecord { get; set; } = [];

    /// <summary>The peer's newest statement that it is attached here; empty for one that never was.</summary>
    internal byte[] SignedAttachment { get; set; } = [];

    internal bool IsAttached { get; set; }

    /// <summary>Addresses that a dial reached: when last, and whether ever from where the peer had not sent to. At most <see cref="PeerRecord.MaxAddresses"/>.</summary>
    internal Dictionary<(TransportKind Transport, IPEndPoint EndPoint), (bool IsIndependent, Instant At)> Reached { get; } = [];

    /// <summary>
    /// Addresses of the record that the last dial did not reach. Each report names them, not only the one that follows the dial: that may get lost, and the shard would hold them for proven for ever.
    /// </summary>
    internal HashSet<(TransportKind Transport, IPEndPoint EndPoint)> Missed { get; } = [];

    /// <summary>Where the peer had sent to, as it said last.</summary>
    internal IReadOnlyList<string> Contacted { get; set; } = [];

    /// <summary>True from the first report on: the shard has it, as far as is known here.</summary>
    internal bool IsReported { get; set; }

    /// <summary>Failed dials since the last success.</summary>
    internal int Failures { get; set; }

    /// <summary>When it is to be dialled; null: not, or it is being dialled.</summary>
    internal Instant? Due { get; set; }

    internal bool IsDialled { get; set; }
}
