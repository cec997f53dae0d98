using System.Net;
using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Tests.Cluster;

/// <summary>A peer, or a gateway, that takes part in the bootstrap cache, and what it signs.</summary>
internal sealed class BootstrapPeer : IDisposable
{
    private readonly PeerIdentity _identity = PeerIdentity.Create();

    internal PeerId Id => _identity.Id;

    internal int Shard => GrainKeys.BootstrapShardOf(Id);

    /// <summary>A peer of one shard: about 16 tries.</summary>
    internal static BootstrapPeer InShard(int shard)
    {
        while (true)
        {
            var peer = new BootstrapPeer();
            if (peer.Shard == shard)
                return peer;
            peer.Dispose();
        }
    }

    internal PeerAddress At(string endPoint) => new(TransportKind.Tcp, IPEndPoint.Parse(endPoint), Id);

    internal byte[] Record(ulong sequence, DateTimeOffset now, bool accepts = true, TimeSpan? lifetime = null, params string[] endPoints) =>
        new PeerRecord(
            Id, sequence, now + (lifetime ?? TimeSpan.FromHours(12)), accepts ? PeerCapabilities.AcceptsBootstrap : 0,
            [.. (endPoints.Length == 0 ? ["203.0.113.7:4000"] : endPoints).Select(At)]).Sign(_identity, TestPeer.Network);

    internal byte[] AttachTo(PeerId gateway, DateTimeOffset now) => Attachment.Sign(_identity, TestPeer.Network, gateway, 1, now);

    /// <summary>This gateway's word on another.</summary>
    internal byte[] Prove(PeerId peer, ulong sequence, DateTimeOffset now, ushort dialled = 1, ushort reached = 1, bool independent = true, PeerId? inTheNameOf = null) =>
        new ReachabilityProof(inTheNameOf ?? Id, peer, sequence, dialled, reached, independent, (ulong)now.ToUnixTimeMilliseconds()).Sign(_identity, TestPeer.Network);

    public void Dispose() => _identity.Dispose();
}
