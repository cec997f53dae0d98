using System.Net;
using Crust.Identity;

namespace Crust.Benchmarks.Scenarios;

/// <summary>What a peer brings to a gateway: its record with two addresses, and its word that it is attached there. Its key is not kept.</summary>
internal sealed record ClusterPeer(PeerId Id, byte[] SignedRecord, byte[] SignedAttachment, ulong Sequence)
{
    /// <summary>The start of all these peers' processes, Unix milliseconds.</summary>
    internal const ulong Epoch = 1;

    /// <summary>Makes peers by all processors: two signatures each.</summary>
    internal static ClusterPeer[] Create(NetworkId network, int count, PeerId gateway)
    {
        var peers = new ClusterPeer[count];
        Parallel.For(0, count, i =>
        {
            using var identity = PeerIdentity.Create();
            peers[i] = Create(network, identity, gateway, new IPEndPoint(new IPAddress([203, 0, 113, (byte)(i & 255)]), 1024 + i % 60_000), 0);
        });
        return peers;
    }

    /// <summary>Makes one.</summary>
    internal static ClusterPeer Create(NetworkId network, PeerIdentity identity, PeerId gateway, IPEndPoint endPoint, uint capabilities)
    {
        var now = DateTimeOffset.UtcNow;
        var record = new PeerRecord(
            identity.Id, PeerRecord.NextSequence(0, now), now + TimeSpan.FromHours(12), capabilities,
            [new PeerAddress(TransportKind.Tcp, endPoint, identity.Id), new PeerAddress(TransportKind.Utp, endPoint, identity.Id)]);
        return new ClusterPeer(identity.Id, record.Sign(identity, network), Attachment.Sign(identity, network, gateway, Epoch, now), record.Sequence);
    }
}
